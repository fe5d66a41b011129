"""Facts about hardware: typed rows with unit, source and date, read from the data files beside this module."""

from planner.catalog.load import KINDS, Catalog, load_catalog

__all__ = ["KINDS", "Catalog", "load_catalog"]
