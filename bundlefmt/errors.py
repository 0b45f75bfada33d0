"""Every way bundlefmt refuses, as one tree with stable codes (spec/errors.csv).

    BundleError                 .code .phase .rules .detail .advice
      FormatError               the bytes break the specification
        TruncatedError          the input ended early
        EncodingError           CBOR outside the profile
        PathError               a path breaks the path rules
        UnsupportedError        a version, suite or critical extension this code does not know
      LimitError                a limit of the format is exceeded
      AuthenticityError         signatures, digests, commitments
        SignatureError
        DigestError
        DecryptError            signed bytes that do not authenticate under the content-encryption key
      TrustError                the trust chain does not hold or does not reach the bundle
      AccessError               no identity at hand opens the bundle
      PolicyError               genuine, but not what this caller accepts now
      NeededTreeError           the release a patch needs is absent or damaged
      EntryNotFoundError        no such path; also a KeyError
      SourceError               the input could not be read
      InstallError              the destination could not be written
      WriteError                a bundle could not be made
      KeyFileError              a key or trust file is damaged or of the wrong kind
      KeySourceError            the place where a key lives cannot be reached or does not hold it

Mistakes of the calling program stay TypeError, ValueError and RuntimeError.
"""

from __future__ import annotations

from typing import Any


class BundleError(Exception):
    """Root of every refusal.

    Attributes:
        code: stable identifier, a row of spec/errors.csv.
        phase: reading step or activity in which it arises.
        rules: ids of the rules of the specification it enforces.
        detail: what was found, for people; never holds secrets.
        advice: what a person can do about it.
        learned: the trust chain with documents that were taken before the refusal (TRU-19), else None.
    """

    code: str
    phase: str
    rules: tuple[str, ...]
    detail: str
    advice: str
    learned: Any

    def __init__(self, code: str, detail: str) -> None:
        phase, rules, advice = CODES[code][1:]
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.phase = phase
        self.rules = tuple(rules.split())
        self.detail = detail
        self.advice = advice
        self.learned = None

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.code, self.detail)


class FormatError(BundleError):
    """The bytes break the specification."""


class TruncatedError(FormatError):
    """The input ended before the bundle did."""


class EncodingError(FormatError):
    """CBOR outside the profile."""


class PathError(FormatError):
    """A path breaks the path rules."""


class UnsupportedError(FormatError):
    """A version, suite or critical extension that this code does not implement."""


class LimitError(BundleError):
    """A limit of the format is exceeded."""


class AuthenticityError(BundleError):
    """Something is not what a trusted key signed."""


class SignatureError(AuthenticityError):
    """A signature is bad or too few are good."""


class DigestError(AuthenticityError):
    """Bytes do not have their signed digest."""


class DecryptError(AuthenticityError):
    """Signed bytes do not authenticate under the content-encryption key."""


class TrustError(BundleError):
    """The trust chain does not hold, or does not reach the bundle."""


class AccessError(BundleError):
    """No identity at hand opens the bundle."""


class PolicyError(BundleError):
    """Genuine, but not what this caller accepts now."""


class NeededTreeError(BundleError):
    """The release that a patch bundle needs is absent or damaged."""


class EntryNotFoundError(BundleError, KeyError):
    """No such path in the bundle."""

    __str__ = Exception.__str__  # KeyError would print the repr


class SourceError(BundleError):
    """The input could not be read."""


class InstallError(BundleError):
    """The destination could not be written."""


class WriteError(BundleError):
    """A bundle could not be made."""


class KeyFileError(BundleError):
    """A key file or trust file is damaged or of the wrong kind."""


class KeySourceError(BundleError):
    """The place where a key lives (a token, an agent, a service) cannot be reached or does not hold it."""


_CBR = "CBR-1 CBR-2 CBR-3 CBR-4 CBR-5 CBR-6 CBR-7 CBR-8 CBR-9"
_ZST = "ZST-1 ZST-2 ZST-3 ZST-5 ZST-6 ZST-7 ZST-8"
_FETCH = "fetch the file again; if it stays, ask the publisher"
_FORGED = "do not use this file; fetch it from the publisher"
_PUBLISHER = "ask the publisher for a correct bundle"
_UPGRADE = "use a newer version of this program"
_TRUST = "get the publisher's current trust file"

# code -> class, phase, rules, advice. The first three columns equal spec/errors.csv; a test holds that.
CODES: dict[str, tuple[type[BundleError], str, str, str]] = {
    "PRELUDE_MAGIC": (FormatError, "prelude", "PRE-1", "this is not a bundle"),
    "PRELUDE_MAJOR": (UnsupportedError, "prelude", "PRE-2", _UPGRADE),
    "PRELUDE_RESERVED": (FormatError, "prelude", "PRE-3", _FETCH),
    "SECTION_LIMIT": (LimitError, "prelude", "PRE-4 PRE-5 PRE-6 PRE-7", _FETCH),
    "TRUNCATED": (TruncatedError, "size", "PRE-8", "fetch the rest of the file"),
    "TRAILING_DATA": (FormatError, "size", "PRE-9", _FORGED),
    "SIGNATURE_TABLE": (FormatError, "tables", "SIG-1 SIG-2 SIG-3", _FETCH),
    "TRUST_TABLE": (FormatError, "tables", "TRU-1 SIG-1 SIG-2 SIG-3", _FETCH),
    "RECIPIENT_TABLE": (FormatError, "tables", "RCP-1 RCP-2 RCP-3 RCP-4", _FETCH),
    "TRUST_SIGNATURE": (TrustError, "trust", "SIG-5 SIG-6 TRU-10 TRU-11 TRU-22", _FORGED),
    "TRUST_ENCODING": (EncodingError, "trust", _CBR, _PUBLISHER),
    "TRUST_DOCUMENT": (TrustError, "trust", "TRU-2 TRU-3 TRU-4 TRU-5 TRU-6 TRU-20 TRU-23", _PUBLISHER),
    "TRUST_PUBLISHER": (TrustError, "trust", "TRU-7 TRU-8", "check that this is the right trust file"),
    "TRUST_EPOCH": (TrustError, "trust", "TRU-9 TRU-12", _TRUST),
    "TRUST_FORK": (TrustError, "trust", "TRU-21", "ask the publisher which document is right, by another way"),
    "TRUST_STEPS": (TrustError, "trust", "TRU-16", _TRUST),
    "TRUST_UNSUPPORTED": (TrustError, "trust", "TRU-13 TRU-15", _UPGRADE),
    "TRUST_EXPIRED": (TrustError, "trust", "TRU-18", _TRUST),
    "SIGNATURE_INVALID": (SignatureError, "signature", "SIG-5", _FORGED),
    "SIGNATURE_THRESHOLD": (SignatureError, "signature", "SIG-6", _FORGED),
    "HEADER_ENCODING": (EncodingError, "header", _CBR, _PUBLISHER),
    "HEADER_SHAPE": (FormatError, "header", "HDR-1 HDR-3 HDR-11", _PUBLISHER),
    "UNSUPPORTED_SUITE": (UnsupportedError, "header", "HDR-2", _UPGRADE),
    "UNSUPPORTED_CRITICAL": (UnsupportedError, "header", "HDR-4", _UPGRADE),
    "KIND_MISMATCH": (AuthenticityError, "header", "HDR-6", "check that this is the right file"),
    "PUBLISHER_MISMATCH": (AuthenticityError, "header", "HDR-7", "check that this is the right trust file"),
    "TRUST_WITHHELD": (TrustError, "header", "HDR-8", _TRUST),
    "EPOCH_RETIRED": (TrustError, "header", "HDR-9", "fetch a newer release"),
    "HEADER_LIMIT": (LimitError, "header", "HDR-10", _PUBLISHER),
    "MANIFEST_DIGEST": (DigestError, "manifest-digest", "HDR-12", _FETCH),
    "NO_IDENTITY": (
        AccessError,
        "access",
        "RCP-6 RCP-7 RCP-8 RCP-9 ENC-1",
        "give the identity of one of its recipients",
    ),
    "MANIFEST_DECRYPT": (DecryptError, "manifest", "ENC-2", _PUBLISHER),
    "MANIFEST_LAYOUT": (FormatError, "manifest", "MAN-1 MAN-2 MAN-3 MAN-4", _PUBLISHER),
    "MANIFEST_FRAME": (FormatError, "manifest", _ZST, _PUBLISHER),
    "MANIFEST_ENCODING": (EncodingError, "manifest", _CBR, _PUBLISHER),
    "MANIFEST_LIMIT": (LimitError, "manifest", "MAN-7 ZST-4 LST-1 REC-1", _PUBLISHER),
    "RELEASE_RECORD": (FormatError, "manifest", "REL-1", _PUBLISHER),
    "POINTER_RECORD": (FormatError, "manifest", "PTR-1 PTR-2", _PUBLISHER),
    "NEEDED_TREE": (
        NeededTreeError,
        "manifest",
        "MAN-5",
        "give the release this patch builds on, or fetch the complete bundle",
    ),
    "TREE_DIGEST": (DigestError, "manifest", "REL-2", _PUBLISHER),
    "LISTING": (FormatError, "manifest", "LST-1 LST-2 LST-3 LST-4", _PUBLISHER),
    "PATH_INVALID": (PathError, "manifest", "PTH-1 PTH-2 PTH-3 PTH-4 PTH-5 PTH-6", _PUBLISHER),
    "PATH_COLLISION": (PathError, "manifest", "PTH-7 PTH-8", _PUBLISHER),
    "RECORD_TABLE": (FormatError, "manifest", "REC-1 REC-2 REC-3", _PUBLISHER),
    "RECORD_PIECES": (FormatError, "manifest", "REC-4 REC-5 REC-6", _PUBLISHER),
    "RECORD_PREFIX": (FormatError, "manifest", "REC-9 REC-10 REC-11 REC-12 REC-13", _PUBLISHER),
    "CONTENT_MISSING": (FormatError, "manifest", "REC-7 REC-8", _PUBLISHER),
    "BODY_LENGTH": (FormatError, "manifest", "REC-14", _PUBLISHER),
    "PRODUCT_MISMATCH": (PolicyError, "policy", "POL-1", "check that this is the right file"),
    "CHANNEL_MISMATCH": (PolicyError, "policy", "POL-7", "check that this is the right channel"),
    "ROLLBACK": (PolicyError, "policy", "POL-2", "fetch a newer release"),
    "EQUIVOCATION": (PolicyError, "policy", "POL-3", "tell the publisher: two releases carry one number"),
    "RELEASE_EXPIRED": (PolicyError, "policy", "POL-4", "fetch a newer release"),
    "POINTER_EXPIRED": (PolicyError, "policy", "POL-5", "fetch a newer pointer"),
    "HOST_MISMATCH": (PolicyError, "policy", "POL-6", "update the host application first"),
    "LEAF_TABLE": (DigestError, "leaves", "BDY-1", _FETCH),
    "BODY_DIGEST": (DigestError, "body", "BDY-2", _FETCH),
    "RECORD_DECRYPT": (DecryptError, "record", "ENC-3", _PUBLISHER),
    "RECORD_FRAME": (FormatError, "record", "ZST-1 ZST-2 ZST-3 ZST-4 ZST-5 ZST-6 ZST-7 ZST-8", _PUBLISHER),
    "NEEDED_CONTENT": (NeededTreeError, "record", "BDY-6", "repair the older release, or fetch the complete bundle"),
    "CONTENT_DIGEST": (DigestError, "content", "BDY-5", _PUBLISHER),
    "ENTRY_NOT_FOUND": (EntryNotFoundError, "usage", "", "list the bundle to see its paths"),
    "SOURCE_FAILED": (SourceError, "source", "", "check the file or the connection and try again"),
    "INSTALL_EXISTS": (InstallError, "install", "", "choose a folder that does not exist yet"),
    "INSTALL_COLLISION": (InstallError, "install", "", "unpack to a disk that tells these names apart"),
    "INSTALL_FAILED": (InstallError, "install", "", "check permissions and free space and try again"),
    "INPUT_TREE": (WriteError, "write", "W-5", "rename or remove it, then pack again"),
    "INPUT_CHANGED": (WriteError, "write", "W-8", "pack again while nothing writes to the folder"),
    "INPUT_KEYS": (WriteError, "write", "W-4 W-6", "check the keys given"),
    "WRITE_LIMIT": (WriteError, "write", "", "make the release smaller"),
    "WRITE_FAILED": (WriteError, "write", "", "check permissions and free space and try again"),
    "SELF_CHECK": (WriteError, "write", "W-8", "check this machine's disk and memory, then pack again"),
    "KEY_FILE": (KeyFileError, "key", "ARM-1 ARM-3", "check that this is the right key file and that it is whole"),
    "TRUST_FILE": (KeyFileError, "key", "ARM-1 ARM-2", "get the trust file from the publisher again"),
    "KEY_SOURCE": (KeySourceError, "key", "", "check that the key is there and may be used"),
    "REQUEST_FILE": (FormatError, "request", "", "ask for the file again; it is damaged or of another kind"),
    "REQUEST_BLIND": (
        AccessError,
        "request",
        "",
        "give the identity that the request was made for, or say --blind to sign what you cannot see",
    ),
    "REQUEST_MISMATCH": (AuthenticityError, "request", "", "do not sign or attach this; ask who made it"),
}


def refuse(code: str, detail: str) -> BundleError:
    """Make the exception for a code.

    Args:
        code: a key of `CODES`.
        detail: what was found, one line, for people; never a secret.

    Returns:
        The exception, of the class the code belongs to, for the caller to raise.
    """
    return CODES[code][0](code, detail)
