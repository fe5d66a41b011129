"""Fabrics in the formats of other tools: one module a format, pure functions from a fabric to text, and back."""
