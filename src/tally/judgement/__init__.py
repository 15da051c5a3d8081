"""Whether what was received holds: pure functions of figures, covers and contracts."""
