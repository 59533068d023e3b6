"""The demo: ninety days of a believable market, played through the real doors, and books that must balance."""
