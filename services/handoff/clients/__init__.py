"""Calls out: webhooks to CRMs."""
