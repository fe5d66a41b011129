"""Pictures as SVG: of a fabric, and of what differs between a fabric as built and its design."""

from topologies.pictures.differences_picture import draw_differences
from topologies.pictures.fabric_picture import draw_fabric

__all__ = ["draw_differences", "draw_fabric"]
