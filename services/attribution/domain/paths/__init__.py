"""Credit over many journeys at once, on arrays: the rule models again, and those that learn from all of them."""
