"""Figures from 3,321 communes have to tally."""
