"""Questions that an analyst asks of a study, each in a line; see `docs/recipes`."""
