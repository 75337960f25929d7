"""What lists of schools hold, what they lack, and what may be said all the same."""
