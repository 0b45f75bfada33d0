"""Putting a head together: manifest, header, signatures, recipients (specification sections 2 to 8)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from bundlefmt.crypto import cobblestone, digests
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import refuse
from bundlefmt.keys.recipients import Recipient
from bundlefmt.keys.signers import Signer, sign_row
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import POINTER, RELEASE, Header
from bundlefmt.model.manifest import ManifestLayout, join_manifest
from bundlefmt.model.trustdoc import Key, Role
from bundlefmt.trust.chain import TrustChain
from bundlefmt.wire import sections, zstd
from bundlefmt.wire.cose import LABEL_POINTER, LABEL_RELEASE

GREASE = tuple(range(0x0A0A, 0x10000, 0x1010))
# Small manifests are packed hard, as they are read many times; large ones hold mostly digests, which do not shrink.
_MANIFEST_LEVELS = ((64 << 10, 19), (1 << 20, 12), (LIMITS.table_item_len, 6))
_ROW_HEAD = 36
_LABELS = {RELEASE: LABEL_RELEASE, POINTER: LABEL_POINTER}


class Head(NamedTuple):
    """The sections before the body.

    Attributes:
        prelude, header, signatures, trust, recipients, manifest, leaves: their bytes.
    """

    prelude: bytes
    header: bytes
    signatures: bytes
    trust: bytes
    recipients: bytes
    manifest: bytes
    leaves: bytes

    def encode(self) -> bytes:
        """The head's bytes."""
        return b"".join(self)


def manifest_frame(item: bytes, prefix: bytes = b"") -> bytes:
    """Compress one manifest item.

    Raises:
        WriteError: WRITE_LIMIT.
    """
    if len(item) > LIMITS.table_item_len:
        raise refuse("WRITE_LIMIT", f"a manifest item of {len(item)} bytes")
    level = next(level for size, level in _MANIFEST_LEVELS if len(item) <= size)
    return zstd.Compressor(level).compress(item, prefix if len(prefix) >= LIMITS.prefix_min_len else b"")


def seal_manifest(layout: ManifestLayout, cek: bytes, binding: Binding) -> bytes:
    """Encrypt a manifest.

    Raises:
        WriteError: WRITE_LIMIT.
    """
    message = cobblestone.seal(cek, binding.manifest_context(), join_manifest(layout))
    if len(message) > LIMITS.manifest_len:
        raise refuse("WRITE_LIMIT", f"the manifest has {len(message)} bytes")
    return message


def check_signers(signers: Sequence[Signer], role: Role) -> None:
    """See that signers reach the threshold of a role before any work is done.

    Raises:
        WriteError: INPUT_KEYS.
    """
    publics = {signer.public_key for signer in signers}
    allowed = {key.public for key in role.supported()}
    for public in publics - allowed:
        raise refuse(
            "INPUT_KEYS", f"the signer {digests.signer_kid(public).hex()[:16]} is not in the role that signs this"
        )
    if len(publics) < role.threshold:
        raise refuse("INPUT_KEYS", f"{len(publics)} signers, the publisher's trust document asks for {role.threshold}")


def check_recipients(recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Distinct recipients of one type (W-4).

    Raises:
        WriteError: INPUT_KEYS, WRITE_LIMIT.
    """
    distinct = tuple(dict.fromkeys(recipients))
    if not distinct:
        raise refuse("INPUT_KEYS", "no recipient: nobody could open the bundle")
    if len({recipient.type for recipient in distinct}) > 1:
        raise refuse(
            "INPUT_KEYS", "recipients of both types: a bundle is as strong as its weakest (W-4); make two heads"
        )
    if len(distinct) >= LIMITS.recipients:
        raise refuse("WRITE_LIMIT", f"{len(distinct)} recipients")
    return distinct


def sign_header(header: Header, signers: Sequence[Signer]) -> tuple[bytes, bytes]:
    """Sign a header with every signer; a key given twice signs once.

    Returns:
        The header's bytes and its signatures section.
    """
    data = header.encode()
    if len(data) > LIMITS.header_len:
        raise refuse("WRITE_LIMIT", f"the header has {len(data)} bytes")
    distinct = {signer.public_key: signer for signer in signers}
    rows = [sign_row(signer, _LABELS[header.kind], data) for signer in distinct.values()]
    return data, sections.build_signatures(rows)


def wrap_for(
    recipients: Sequence[Recipient], cek: bytes, binding: Binding, *, anonymous: bool = False, grease: bool = False
) -> bytes:
    """Make a recipients section; with `grease`, one entry of a type nobody implements (W-10)."""
    entries = [recipient.wrap(cek, binding, anonymous=anonymous) for recipient in recipients]
    if grease:
        kind = GREASE[os.urandom(1)[0] % len(GREASE)]
        entries.append(sections.RecipientEntry(kind, b"", os.urandom(1 + os.urandom(1)[0])))
    return sections.build_recipients(entries)


def grease_extension() -> tuple[int, int]:
    """An extension nobody implements, for readers to ignore (W-10)."""
    return GREASE[os.urandom(1)[0] % len(GREASE)], os.urandom(1)[0]


def signatures_len(signers: Sequence[Signer]) -> int:
    """Bytes of the signatures section that these signers will make."""
    publics = {signer.public_key for signer in signers}
    return sum(_ROW_HEAD + sections.SIGNATURE_LEN[Key.of(public).alg] for public in publics)


def join_head(
    header: bytes, signatures: bytes, chain: TrustChain, recipients: bytes, manifest: bytes, leaves: bytes
) -> Head:
    """Join sections to a head; it carries the publisher's whole chain (W-7)."""
    trust = sections.build_trust(chain.frames())
    prelude = sections.build_prelude(sections.Prelude(len(header), len(signatures), len(trust), len(recipients)))
    return Head(prelude, header, signatures, trust, recipients, manifest, leaves)


def build_head(
    header: Header, signers: Sequence[Signer], chain: TrustChain, recipients: bytes, manifest: bytes, leaves: bytes
) -> Head:
    """Sign a header and join the head."""
    return join_head(*sign_header(header, signers), chain, recipients, manifest, leaves)
