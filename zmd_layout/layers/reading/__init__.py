"""Read tables and vector files as people write them: sheets, heads, cells, places, encodings."""
