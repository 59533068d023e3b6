"""`throughline attribute`: credit for journeys in a file, without a service."""
