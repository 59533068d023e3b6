"""The rules of scoring: a person's state is a fold over their facts in (event time, id) order."""
