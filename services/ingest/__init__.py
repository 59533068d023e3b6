"""Ingest: the doors events come in by, and who each of them is about."""
