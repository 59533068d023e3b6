"""Hand-off: who gets a lead, by when, and whether the other system knows."""
