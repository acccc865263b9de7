"""Content hashes: equal content, equal fingerprint, on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

__all__ = ["canonical_json", "sha256_hex", "fingerprint", "order_free_fingerprint"]


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces, no NaN; the text that fingerprints are made of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_hex(data: bytes) -> str:
    """Lower-case hex digest of ``data``."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(value: object) -> str:
    """``sha256:…`` of a JSON-like value."""
    return f"sha256:{sha256_hex(canonical_json(value).encode())}"


def order_free_fingerprint(items: Iterable[str]) -> str:
    """``sha256:…`` of a multiset of strings: shards in any order give the same value."""
    digest = hashlib.sha256()
    for item in sorted(items):
        digest.update(hashlib.sha256(item.encode()).digest())
    return f"sha256:{digest.hexdigest()}"
