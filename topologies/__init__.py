"""Interconnects as graphs: counts, measures and formats. Knows no watts, dollars, YAML or vendors."""
