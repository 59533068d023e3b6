"""What remains of somebody who was erased: keyed hashes of what they were called, so that they do not come back.

Without the key of the deployment nobody can tell from a hash, or by trying addresses, who it was.
"""

import hmac

from services.ingest.domain.identity import Identifier


def suppression_hash(key: bytes, member: Identifier) -> str:
    """The hash of an identifier, as 64 hex digits."""
    return hmac.digest(key, str(member).encode("utf-8", "surrogatepass"), "sha256").hex()
