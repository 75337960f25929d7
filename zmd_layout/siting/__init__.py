"""Where the next schools could stand: location problems, their solutions and the proof."""
