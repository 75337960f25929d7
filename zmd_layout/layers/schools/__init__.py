"""A list of schools: stages, names, doubles, completeness, and a second list beside it."""
