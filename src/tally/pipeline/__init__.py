"""One module a step, where the domain meets the files."""
