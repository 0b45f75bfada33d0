"""Signed and encrypted bundles of application releases (format bundlefmt/1).

Names are imported when they are used, so that a program that only looks at a file does not load
cryptography.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bundlefmt.bundle.front import Audited, audit_bundle
    from bundlefmt.bundle.inspect import Inspection, inspect_bundle
    from bundlefmt.bundle.newkeys import accept_identities, new_identities
    from bundlefmt.bundle.pointers import ReadPointer, read_pointer
    from bundlefmt.bundle.policy import Floor, TrustPolicy
    from bundlefmt.bundle.reader import BundleReader, Chunk
    from bundlefmt.bundle.rewrap import RecipientChange
    from bundlefmt.bundle.rewrite import Rewritten, change_recipients, write_head
    from bundlefmt.bundle.source import ByteSource, JoinedSource
    from bundlefmt.bundle.trees import BundleTree, FolderTree
    from bundlefmt.bundle.unpack import unpack
    from bundlefmt.bundle.writer import BundleWriter, Packed, PackOptions
    from bundlefmt.errors import (
        AccessError,
        AuthenticityError,
        BundleError,
        DecryptError,
        DigestError,
        EncodingError,
        EntryNotFoundError,
        FormatError,
        InstallError,
        KeyFileError,
        KeySourceError,
        LimitError,
        NeededTreeError,
        PathError,
        PolicyError,
        SignatureError,
        SourceError,
        TruncatedError,
        TrustError,
        UnsupportedError,
        WriteError,
    )
    from bundlefmt.keys.hybrid import HybridSigner
    from bundlefmt.keys.recipients import Identity, Recipient, format_recipient, parse_identities, parse_recipients
    from bundlefmt.keys.signers import FileSigner, Signer
    from bundlefmt.keys.sources import open_identities, open_recipients, open_signer
    from bundlefmt.limits import LIMITS, Limits
    from bundlefmt.model.header import POINTER, RELEASE
    from bundlefmt.model.listing import FileEntry
    from bundlefmt.model.pointer import PointerRecord
    from bundlefmt.model.release import ReleaseRecord, Requires
    from bundlefmt.trust.chain import TrustChain, format_trust_file, parse_trust_file

__version__ = "0.1.0"

__all__ = [
    "LIMITS",
    "POINTER",
    "RELEASE",
    "AccessError",
    "Audited",
    "AuthenticityError",
    "BundleError",
    "BundleReader",
    "BundleTree",
    "BundleWriter",
    "ByteSource",
    "Chunk",
    "DecryptError",
    "DigestError",
    "EncodingError",
    "EntryNotFoundError",
    "FileEntry",
    "FileSigner",
    "Floor",
    "FolderTree",
    "FormatError",
    "HybridSigner",
    "Identity",
    "Inspection",
    "InstallError",
    "JoinedSource",
    "KeyFileError",
    "KeySourceError",
    "LimitError",
    "Limits",
    "NeededTreeError",
    "PackOptions",
    "Packed",
    "PathError",
    "PointerRecord",
    "PolicyError",
    "ReadPointer",
    "Recipient",
    "RecipientChange",
    "ReleaseRecord",
    "Requires",
    "Rewritten",
    "SignatureError",
    "Signer",
    "SourceError",
    "TruncatedError",
    "TrustChain",
    "TrustError",
    "TrustPolicy",
    "UnsupportedError",
    "WriteError",
    "accept_identities",
    "audit_bundle",
    "change_recipients",
    "format_recipient",
    "format_trust_file",
    "inspect_bundle",
    "new_identities",
    "open_identities",
    "open_recipients",
    "open_signer",
    "parse_identities",
    "parse_recipients",
    "parse_trust_file",
    "read_pointer",
    "unpack",
    "write_head",
]

_HOMES = {
    "bundle.front": "Audited audit_bundle",
    "bundle.inspect": "Inspection inspect_bundle",
    "bundle.newkeys": "accept_identities new_identities",
    "bundle.policy": "Floor TrustPolicy",
    "bundle.pointers": "ReadPointer read_pointer",
    "bundle.reader": "BundleReader Chunk",
    "bundle.rewrap": "RecipientChange",
    "bundle.rewrite": "Rewritten change_recipients write_head",
    "bundle.source": "ByteSource JoinedSource",
    "bundle.trees": "BundleTree FolderTree",
    "bundle.unpack": "unpack",
    "bundle.writer": "BundleWriter PackOptions Packed",
    "keys.hybrid": "HybridSigner",
    "keys.recipients": "Identity Recipient format_recipient parse_identities parse_recipients",
    "keys.signers": "FileSigner Signer",
    "keys.sources": "open_identities open_recipients open_signer",
    "limits": "LIMITS Limits",
    "model.header": "POINTER RELEASE",
    "model.listing": "FileEntry",
    "model.pointer": "PointerRecord",
    "model.release": "ReleaseRecord Requires",
    "trust.chain": "TrustChain format_trust_file parse_trust_file",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - nothing is imported before it is needed

    home = next((module for module, names in _HOMES.items() if name in names.split()), "errors")
    value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
