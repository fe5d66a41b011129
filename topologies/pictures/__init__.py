"""Pictures as SVG text: the parts of `topologies.drawing`."""
