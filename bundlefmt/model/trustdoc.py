"""Trust documents (specification section 5): shape only. Who signed them is judged in `bundlefmt.trust`."""

from __future__ import annotations

from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import is_bytes, is_uint, parse_extensions
from bundlefmt.wire import cbor
from bundlefmt.wire.sections import ALG_ED25519, ALG_HYBRID, PUBLIC_KEY_LEN

FORMAT = "bundlefmt/1 trust"
PUBLISHER_AT = 21  # after the array head, the format string and the byte-string head


class Key(NamedTuple):
    """A signing key of a role: algorithm number and public key bytes."""

    alg: int
    public: bytes

    @classmethod
    def of(cls, public: bytes) -> Key:
        """The key of 32 bytes (Ed25519) or 1,984 bytes (hybrid); every known algorithm has its own length (TRU-5).

        Raises:
            WriteError: INPUT_KEYS.
        """
        for alg, length in PUBLIC_KEY_LEN.items():
            if len(public) == length:
                return cls(alg, public)
        raise refuse("INPUT_KEYS", f"no signing key has {len(public)} bytes")

    def parts(self) -> tuple[bytes, ...]:
        """The single keys it is made of: itself, or the halves of a hybrid key; none of an unknown algorithm."""
        if self.alg == ALG_HYBRID:
            ed25519_len = PUBLIC_KEY_LEN[ALG_ED25519]
            return self.public[:ed25519_len], self.public[ed25519_len:]
        return (self.public,) if self.alg == ALG_ED25519 else ()


class Role(NamedTuple):
    """How many distinct keys of which must sign."""

    threshold: int
    keys: tuple[Key, ...]

    def supported(self) -> tuple[Key, ...]:
        """Keys whose algorithm this code verifies (TRU-14)."""
        return tuple(key for key in self.keys if key.alg in PUBLIC_KEY_LEN)

    def reachable(self) -> bool:
        """Whether the supported keys can reach the threshold (TRU-13, TRU-15)."""
        return len(self.supported()) >= self.threshold


class TrustDocument(NamedTuple):
    """One epoch of a publisher.

    Attributes:
        publisher_id: 32 bytes.
        epoch: 1 or more.
        issued: time.
        expires: time, or 0 for never.
        min_epoch: bundles signed under an older epoch are void.
        root, release, pointer: the roles.
        critical: extension numbers that must be understood.
        extensions: number and value, ascending.
    """

    publisher_id: bytes
    epoch: int
    issued: int
    expires: int
    min_epoch: int
    root: Role
    release: Role
    pointer: Role
    critical: tuple[int, ...] = ()
    extensions: tuple[tuple[int, Any], ...] = ()

    def encode(self) -> bytes:
        """The document's bytes."""
        roles = [
            [role.threshold, [list(key) for key in sorted(role.keys)]]
            for role in (self.root, self.release, self.pointer)
        ]
        return cbor.encode(
            [
                FORMAT,
                self.publisher_id,
                self.epoch,
                self.issued,
                self.expires,
                self.min_epoch,
                *roles,
                list(self.critical),
                dict(self.extensions),
            ]
        )


def _parse_role(value: Any) -> Role:
    if type(value) is not list or len(value) != 2 or type(value[0]) is not int or type(value[1]) is not list:
        raise refuse("TRUST_DOCUMENT", "a role must be a threshold and a list of keys")
    threshold, rows = value
    if not 1 <= len(rows) <= LIMITS.role_keys or not 1 <= threshold <= len(rows):
        raise refuse("TRUST_DOCUMENT", f"threshold {threshold} of {len(rows)} keys")
    keys: list[Key] = []
    for row in rows:
        if type(row) is not list or len(row) != 2 or type(row[0]) is not int or type(row[1]) is not bytes:
            raise refuse("TRUST_DOCUMENT", "a key must be an algorithm and a byte string")
        key = Key(*row)
        length = len(key.public)
        if (
            key.alg > 0xFFFF
            or not 1 <= length <= LIMITS.public_key_len
            or length != PUBLIC_KEY_LEN.get(key.alg, length)
        ):
            raise refuse("TRUST_DOCUMENT", f"key of {length} bytes for algorithm {key.alg}")
        if keys and key <= keys[-1]:
            raise refuse("TRUST_DOCUMENT", "keys of a role are not in strictly ascending order")
        keys.append(key)
    return Role(threshold, tuple(keys))


def _check_parts(roles: tuple[Role, ...]) -> None:
    """No single key belongs to two keys of a document (TRU-23)."""
    owners: dict[bytes, Key] = {}
    for role in roles:
        for key in role.keys:
            for part in key.parts():
                if owners.setdefault(part, key) != key:
                    raise refuse("TRUST_DOCUMENT", "half of a hybrid key is also part of another key")


def parse_trust_document(data: bytes) -> TrustDocument:
    """Decode a trust document.

    The caller has verified signatures over `data` first, or takes it as given (the first document of a trust file).

    Raises:
        BundleError: TRUST_ENCODING, TRUST_DOCUMENT.
    """
    value = cbor.decode(data, "TRUST_ENCODING")
    if type(value) is not list or len(value) != 11 or value[0] != FORMAT:
        raise refuse("TRUST_DOCUMENT", "not a bundlefmt/1 trust document")
    _, publisher, epoch, issued, expires, min_epoch, root, release, pointer, critical, extensions = value
    if not (
        is_bytes(publisher, 32) and is_uint(epoch, 1) and is_uint(issued) and is_uint(expires) and is_uint(min_epoch)
    ):
        raise refuse("TRUST_DOCUMENT", "a field of the trust document has the wrong type or value")
    roles = _parse_role(root), _parse_role(release), _parse_role(pointer)
    _check_parts(roles)
    if not 1 <= min_epoch <= epoch:
        raise refuse("TRUST_DOCUMENT", f"min_epoch {min_epoch} in epoch {epoch}")
    numbers, items = parse_extensions(critical, extensions, "TRUST_DOCUMENT")
    return TrustDocument(publisher, epoch, issued, expires, min_epoch, *roles, numbers, items)
