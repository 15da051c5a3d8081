"""Simulated reports: lawful by every rule, calibrated on what is published, the same for the same seed.

No figure of a real report is in them.
"""
