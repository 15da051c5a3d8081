"""What statisticians wrote: forms, codes, dates, rules and areas; read once, strictly."""
