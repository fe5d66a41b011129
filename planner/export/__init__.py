"""A plan, written for other tools."""
