"""Pure functions of numbers, one physical area a file: no spec, no catalog, no plan."""
