"""`healthy.py PORT...`: ends with 0 where every port of this container answers that it is ready.

It imports nothing of ours and little else: it runs every few seconds beside each service.
"""

import sys
from http.client import HTTPConnection, HTTPException

_SECONDS = 4.0


def is_ready(port: int) -> bool:
    """Whether the service on this port says that it is ready."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if all(is_ready(int(port)) for port in sys.argv[1:]) else 1)
