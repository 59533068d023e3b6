"""What travels on the log: one module a subject, every message a msgspec struct, every topic a row.

Times are integer milliseconds since the epoch (UTC), ids are lower-case UUID text, money is minor units.
A reader ignores fields it does not know; a field is added with a default and never changes its meaning.
"""
