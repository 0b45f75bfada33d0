"""Committed stores of the bytes that cannot be computed again.

A hybrid HPKE encapsulation and an ML-DSA signature draw their own randomness, and compressed frames
differ between versions of libzstd. All are made once, kept next to this module, and reused by every later build.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path


class Cache:
    """A JSON file of base64 values under SHA-256 keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        self.used: set[str] = set()

    def get(self, parts: list[bytes], make: Callable[[], bytes]) -> bytes:
        """The value for these inputs, made now if it is not there."""
        digest = sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        key = digest.hexdigest()[:32]
        if key not in self.values:
            self.values[key] = b64encode(make()).decode()
        self.used.add(key)
        return b64decode(self.values[key])

    def save(self) -> None:
        """Write what this build used, in order."""
        kept = {key: self.values[key] for key in sorted(self.used)}
        self.path.write_text(json.dumps(kept, indent=0) + "\n")


WRAPS = Cache(Path(__file__).with_name("wraps.json"))
FRAMES = Cache(Path(__file__).with_name("frames.json"))
MLDSA = Cache(Path(__file__).with_name("mldsa.json"))
