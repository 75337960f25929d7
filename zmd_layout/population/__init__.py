"""Census and grids → people and children on the ground."""
