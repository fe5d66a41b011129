"""Pictures of a fabric, and of what differs between a fabric as built and its design."""

from topologies.pictures.differences_picture import draw_differences

__all__ = ["draw_differences"]
