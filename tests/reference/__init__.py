"""A second opinion: what the product is meant to work out, said again in the plainest Python there is."""
