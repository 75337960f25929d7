"""What is there: schools, seats and classes, each counted once."""
