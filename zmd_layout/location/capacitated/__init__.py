"""Location problems with capacities: split or whole units, contiguous catchments."""
