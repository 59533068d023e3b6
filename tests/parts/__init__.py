"""Real parts: a Kafka and a PostgreSQL that tests can trust, found or started by the suite itself."""
