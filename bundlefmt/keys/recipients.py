"""Recipients and identities: the public and secret side of encryption (specification sections 6 and 11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from bundlefmt.crypto import cobblestone, hpke
from bundlefmt.crypto.digests import HINT_LEN, digest, recipient_hint, recipient_key_id
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import refuse
from bundlefmt.wire import armor
from bundlefmt.wire.sections import RecipientEntry

X25519 = hpke.X25519
HYBRID = hpke.HYBRID
TYPE_NAMES = {X25519: "x25519", HYBRID: "mlkem768-x25519"}
_CHECK_LEN = 4
MOST_TRIALS = 65_536  # attempts to open anonymous entries in one reading (RCP-6); some seconds of work
_NAMED = 16  # identities that a refusal names


class Recipient(NamedTuple):
    """A public key the content-encryption key can be wrapped for.

    Attributes:
        type: X25519 or HYBRID.
        public: 32 or 1,216 bytes.
    """

    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """8-byte id, for people; never written into a bundle."""
        return recipient_key_id(self.type, self.public)

    def __repr__(self) -> str:
        return f"Recipient(type={self.type}, key_id={self.key_id.hex()})"

    def wrap(self, cek: bytes, binding: Binding, *, anonymous: bool = False) -> RecipientEntry:
        """Wrap a content-encryption key.

        Args:
            cek: 32 bytes.
            binding: of the bundle.
            anonymous: leave out the hint.

        Raises:
            WriteError: INPUT_KEYS, when the public key is unusable.
        """
        try:
            wrapped = hpke.wrap(self.type, self.public, cek, binding.wrap_info(self.type))
        except ValueError as exc:
            raise refuse("INPUT_KEYS", f"recipient {self.key_id.hex()} cannot be encrypted to: {exc}") from None
        hint = b"" if anonymous else recipient_hint(self.type, wrapped[: hpke.enc_len(self.type)], self.public)
        return RecipientEntry(self.type, hint, wrapped)

    def owns(self, entry: RecipientEntry) -> bool:
        """Whether an entry's hint is this key's. An anonymous entry is nobody's."""
        if entry.type != self.type or len(entry.hint) != HINT_LEN:
            return False
        return entry.hint == recipient_hint(self.type, entry.wrap[: hpke.enc_len(self.type)], self.public)


class Identity:
    """A secret key that opens bundles. Its secret stays out of reprs and errors.

    Args:
        type: X25519 or HYBRID.
        secret: 32 bytes.
    """

    __slots__ = ("_recipient", "_secret", "type")

    def __init__(self, type: int, secret: bytes) -> None:  # noqa: A002 - the wire's word
        if type not in TYPE_NAMES or len(secret) != hpke.SECRET_LEN:
            raise ValueError("an identity has a known type and a secret of 32 bytes")
        self.type = type
        self._secret = bytes(secret)
        self._recipient: Recipient | None = None

    @classmethod
    def generate(cls, type: int = HYBRID) -> Identity:  # noqa: A002
        """A fresh identity; hybrid post-quantum by default."""
        return cls(type, hpke.generate_secret())

    @property
    def recipient(self) -> Recipient:
        """The public side."""
        if self._recipient is None:
            self._recipient = Recipient(self.type, hpke.public_key(self.type, self._secret))
        return self._recipient

    @property
    def key_id(self) -> bytes:
        """8-byte id of its public side."""
        return self.recipient.key_id

    def unwrap(self, entry: RecipientEntry, binding: Binding) -> bytes | None:
        """Try to open an entry (RCP-6).

        Returns:
            The content-encryption key, or None when the entry is not for this identity.
        """
        if entry.type != self.type or (entry.hint and not self.recipient.owns(entry)):
            return None
        return hpke.unwrap(self.type, self._secret, entry.wrap, binding.wrap_info(self.type))

    def exported(self) -> tuple[int, bytes]:
        """Type and secret, for a keyring or a release record."""
        return self.type, self._secret

    def armored(self) -> str:
        """The identity as text; secret."""
        return _armored(armor.IDENTITY, self.type, self._secret)

    def __str__(self) -> str:
        return f"{TYPE_NAMES[self.type]} {self.recipient.key_id.hex()}"

    def __repr__(self) -> str:
        return f"Identity(type={self.type}, key_id={self.recipient.key_id.hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("identities are not pickled")


class ContentKey:
    """A content-encryption key itself, held by whoever made the bundle; it opens that body alone."""

    __slots__ = ("_cek",)

    def __init__(self, cek: bytes) -> None:
        self._cek = cek

    def unwrap(self, entry: RecipientEntry, binding: Binding) -> bytes | None:
        """The key, whatever the entry; the manifest's commitment decides."""
        del entry, binding
        return self._cek

    def __str__(self) -> str:
        return "content-encryption key"

    def __repr__(self) -> str:
        return "ContentKey(<32 bytes>)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("content-encryption keys are not pickled")


class Opener(Protocol):
    """What can open recipient entries: an identity, a content key, a token."""

    def unwrap(self, entry: RecipientEntry, binding: Binding) -> bytes | None:
        """The content-encryption key, or None."""


def open_entries(
    entries: Iterable[RecipientEntry], identities: Iterable[Opener], binding: Binding, manifest_head: bytes
) -> bytes:
    """Find the content-encryption key (R7).

    Args:
        entries: the recipients section.
        identities: what the caller holds.
        binding: of the bundle.
        manifest_head: at least the first 56 bytes of the verified manifest section.

    Returns:
        The content-encryption key that the signed manifest commits to (ENC-1).

    Raises:
        AccessError: NO_IDENTITY; it names the key ids that were tried.
    """
    keys = tuple(identities)
    rows = tuple(entries)
    context = binding.manifest_context()

    def opened(identity: Opener, entry: RecipientEntry) -> bytes | None:
        cek = identity.unwrap(entry, binding)
        # An entry that opens to another key is skipped, not fatal: anyone can add entries (RCP-7).
        if cek is not None and cobblestone.matches_commitment(cek, context, manifest_head):
            return cek
        return None

    # Hints first: a digest for each pair, and nothing is opened that is not meant for one of the identities.
    for entry in rows:
        if entry.hint:
            for identity in keys:
                if (cek := opened(identity, entry)) is not None:
                    return cek
    # One identity after another, as preparing its secret costs as much as an attempt.
    unmarked = [entry for entry in rows if not entry.hint]
    trials = 0
    for identity in keys:
        for entry in unmarked:
            if isinstance(identity, Identity) and identity.type != entry.type:
                continue
            trials += 1
            if trials > MOST_TRIALS:
                raise refuse("NO_IDENTITY", f"gave up after {MOST_TRIALS} attempts at anonymous recipient entries")
            if (cek := opened(identity, entry)) is not None:
                return cek
    tried = ", ".join(map(str, keys[:_NAMED])) or "none"
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    raise refuse("NO_IDENTITY", f"no recipient entry opens; identities tried: {tried}{more}")


def _check(label: str, body: bytes) -> bytes:
    return digest(label.encode() + b"\0" + body)[:_CHECK_LEN]


def _armored(label: str, kind: int, key: bytes) -> str:
    body = kind.to_bytes(2, "big") + key
    return armor.armor(label, body + _check(label, body))


def format_recipient(recipient: Recipient) -> str:
    """A recipient as text."""
    return _armored(armor.RECIPIENT, recipient.type, recipient.public)


def _parse(text: str, label: str) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    for block in armor.dearmor(text):
        if block.label != label:
            raise refuse("KEY_FILE", f"expected a block {label!r}, found {block.label!a}")
        body, check = block.data[:-_CHECK_LEN], block.data[-_CHECK_LEN:]
        kind = int.from_bytes(body[:2], "big")
        if len(body) < 2 or check != _check(label, body):
            raise refuse("KEY_FILE", f"the check of a block {label!r} is wrong: it is damaged")
        if kind not in TYPE_NAMES:
            raise refuse("KEY_FILE", f"recipient type {kind} is not known to this version")
        need = hpke.SECRET_LEN if label == armor.IDENTITY else hpke.public_len(kind)
        if len(body) - 2 != need:
            raise refuse("KEY_FILE", f"a key of type {kind} has {need} bytes here, found {len(body) - 2}")
        found.append((kind, body[2:]))
    if not found:
        raise refuse("KEY_FILE", f"no block {label!r} in the file")
    return found


def parse_identities(text: str) -> list[Identity]:
    """Read every identity of a key file.

    Raises:
        KeyFileError: KEY_FILE.
    """
    return [Identity(kind, secret) for kind, secret in _parse(text, armor.IDENTITY)]


def parse_recipients(text: str) -> list[Recipient]:
    """Read every recipient of a public key file.

    Raises:
        KeyFileError: KEY_FILE.
    """
    return [Recipient(kind, public) for kind, public in _parse(text, armor.RECIPIENT)]
