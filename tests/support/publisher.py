"""A publisher in memory: keys from fixed test-only seeds, chains of documents, bundles as bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.writer import BundleWriter, PackOptions
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.recipients import X25519, Identity
from bundlefmt.keys.signers import FileSigner, Signer, sign_row
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.model.trustdoc import Role, TrustDocument
from bundlefmt.trust import issue
from bundlefmt.trust.chain import TrustChain, walk
from bundlefmt.wire.cose import LABEL_TRUST
from bundlefmt.wire.sections import TrustFrame

NOW = 1_800_000_000
PRODUCT = "com.example.app"
Tree = Mapping[str, bytes | tuple[bytes, bool]]  # path -> bytes, or bytes and whether executable

FAST = PackOptions(level=1, grease=False, workers=0, overwrite=True)


def signer(name: str) -> FileSigner:
    """A signing key from a name; test only."""
    return FileSigner(sha256(b"test only signer " + name.encode()).digest())


def hybrid_signer(name: str) -> HybridSigner:
    """A hybrid signing key from a name; test only."""
    return HybridSigner(*(sha256(b"test only hybrid %d " % half + name.encode()).digest() for half in (1, 2)))


def identity(name: str, kind: int = X25519) -> Identity:
    """A decryption key from a name; test only."""
    return Identity(kind, sha256(b"test only identity " + name.encode()).digest())


def role(*signers: Signer, threshold: int = 1) -> Role:
    """A role of some signers."""
    return issue.make_role([each.public_key for each in signers], threshold)


def sign_document(document: bytes, *signers: Signer) -> TrustFrame:
    """A trust frame over any bytes."""
    rows = [sign_row(each, LABEL_TRUST, sha256(document).digest()) for each in signers]
    return TrustFrame(document, tuple(sorted(rows, key=lambda row: (row.alg, row.kid))))


class Publisher:
    """One publisher with one root key, one release key, one pointer key, and one device.

    Args:
        name: makes its keys.
        kind: type of the device's identity.
    """

    def __init__(self, name: str = "acme", kind: int = X25519) -> None:
        self.root = signer(name + " root")
        self.signer = signer(name + " release")
        self.pointer_signer = signer(name + " pointer")
        self.identity = identity(name, kind)
        document = issue.first_document(role(self.root), role(self.signer), role(self.pointer_signer), issued=NOW)
        self.chain: TrustChain = issue.start_chain(document, sign_document(document, self.root).rows)

    @property
    def policy(self) -> TrustPolicy:
        """Trust in the newest chain at a fixed time."""
        return TrustPolicy(self.chain, now=NOW)

    def successor(self, chain: TrustChain | None = None, **changes: Any) -> TrustDocument:
        """The next document of a chain, with changes."""
        newest = (chain or self.chain).newest
        return newest._replace(**{"epoch": newest.epoch + 1, **changes})

    def rotate(self, *signers: Signer, **changes: Any) -> TrustChain:
        """Extend the chain by one document, signed by the root unless other signers are given."""
        frame = sign_document(self.successor(**changes).encode(), *(signers or (self.root,)))
        walked = walk(self.chain, (frame,))
        if walked.error is not None:
            raise walked.error
        self.chain = walked.chain
        return self.chain

    def pack(
        self,
        tree: Tree,
        options: PackOptions = FAST,
        release: ReleaseRecord | None = None,
        signers: Sequence[Signer] = (),
        recipients: Sequence[Any] = (),
    ) -> bytes:
        """A complete bundle as bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out.bndl"
            writer = BundleWriter(
                path,
                release or ReleaseRecord(PRODUCT, 7, "1.2.3", NOW, b""),
                chain=self.chain,
                signers=signers or [self.signer],
                recipients=recipients or [self.identity.recipient],
                options=options,
            )
            for name, file in tree.items():
                data, executable = file if isinstance(file, tuple) else (file, False)
                writer.writestr(name, data, executable=executable)
            writer.close()
            return path.read_bytes()

    def open(self, file: Any, **options: Any) -> BundleReader:
        """A reader with this publisher's chain and device."""
        return BundleReader(file, **{"trust": self.policy, "identities": [self.identity], **options})
