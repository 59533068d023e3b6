"""What every service stands on: the log, the stores, the loop. It never imports a service."""
