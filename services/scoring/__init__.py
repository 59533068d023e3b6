"""Scoring: how interested and how fitting a person is, and when that is worth a call."""
