"""The manifest as a message and as a layout of frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.bundle import Bundle, File, context
from builder.cases import Case, built, case, flip
from builder.changes import keep, uncompressed
from builder.cobblestone import encrypt
from builder.encode import padme, u32
from builder.scenes import pointer, release, standard
from builder.stream import expand


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _digest()
    yield from _message()
    yield from _long_message()
    yield from _context()
    yield from _forms()
    yield from _frames()
    yield from _padding()


def _digest() -> Iterator[Case]:
    bundle = release("manifest-digest-salt-changed")
    bundle.hook("manifest_section", lambda m: flip(m, 0))
    yield case(bundle, "The first byte was changed.", "HDR-12", "MANIFEST_DIGEST")
    donor = release("manifest-digest-donor")
    other = built(donor).at["manifest"]
    bundle = release("manifest-digest-other-manifest")
    bundle.hook("manifest_section", lambda m: other[: len(m)])
    comment = "The manifest of another release of the publisher, of equal length."
    if len(built(bundle).at["manifest"]) != len(other):
        raise ValueError("manifests of different length")
    yield case(bundle, comment, "HDR-12", "MANIFEST_DIGEST")


def _message() -> Iterator[Case]:
    for name, offset, comment in (
        ("salt", 0, "The salt was changed before signing; it derives another commitment."),
        ("salt-last", 23, "The last byte of the salt was changed before signing."),
        ("commitment", 24, "The commitment was changed before signing."),
        ("commitment-last", 55, "The last byte of the commitment was changed before signing."),
    ):
        bundle = release(f"manifest-{name}-other")
        bundle.hook("manifest", lambda m, at=offset: flip(m, at))
        yield case(bundle, comment, "ENC-1 RCP-8", "NO_IDENTITY")
    for name, offset, comment in (
        ("ciphertext", 56, "The first byte of the first chunk was changed before signing."),
        ("tag-first-byte", -16, "The first byte of the tag was changed before signing."),
        ("tag", -1, "The last byte of the tag was changed before signing."),
    ):
        bundle = release(f"manifest-{name}-other")
        bundle.hook("manifest", lambda m, at=offset: flip(m, len(m) + at if at < 0 else at))
        yield case(bundle, comment, "ENC-2", "MANIFEST_DECRYPT")
    bundle = release("manifest-cut")
    bundle.hook("manifest", lambda m: m[:-1])
    yield case(bundle, "The message lacks its last byte.", "ENC-2", "MANIFEST_DECRYPT")
    bundle = release("manifest-cut-to-73")
    bundle.hook("manifest", lambda m: m[:73])
    comment = "Only 73 bytes of the message are left, the shortest that is allowed."
    yield case(bundle, comment, "ENC-2", "MANIFEST_DECRYPT")
    bundle = release("manifest-trailing-byte")
    bundle.hook("manifest", lambda m: m + b"\0")
    yield case(bundle, "A byte follows the last chunk.", "ENC-2", "MANIFEST_DECRYPT")


def _long(name: str) -> Bundle:
    """A release whose manifest has three chunks."""
    bundle = uncompressed(release(name))
    bundle.release = {6: expand("manifest", "notes", 17_000).hex()}
    return bundle


def _long_message() -> Iterator[Case]:
    yield case(_long("manifest-three-chunks"), "The manifest has three chunks.", "ENC-2")
    chunk, start = 16400, 56
    for name, change, comment in (
        (
            "chunks-swapped",
            lambda m: m[:start] + m[start + chunk : start + 2 * chunk] + m[start:][:chunk] + m[start + 2 * chunk :],
            "Two chunks were swapped before signing.",
        ),
        (
            "chunk-missing",
            lambda m: m[:start] + m[start + chunk :],
            "The first chunk was removed before signing.",
        ),
        (
            "chunk-twice",
            lambda m: m[: start + chunk] + m[start:],
            "The first chunk stands twice.",
        ),
        (
            "chunk-boundary",
            lambda m: m[: start + 2 * chunk],
            "The message ends with a full chunk, a length that no plaintext has.",
        ),
        (
            "chunk-boundary-15",
            lambda m: m[: start + 2 * chunk + 15],
            "The message ends 15 bytes after a full chunk, a length that no plaintext has.",
        ),
        (
            "chunk-boundary-16",
            lambda m: m[: start + 2 * chunk + 16],
            "The message ends with a tag alone, which is not the right one.",
        ),
        ("last-tag", lambda m: flip(m, len(m) - 1), "The tag of the last chunk was changed."),
    ):
        bundle = _long(f"manifest-{name}").hook("manifest", change)
        yield case(bundle, comment, "ENC-2", "MANIFEST_DECRYPT")


def resealed(bundle: Bundle, label: str, **other: Any) -> Bundle:
    """Encrypt the manifest under another context or CEK."""
    kept: dict[str, bytes] = {}
    keep(bundle, "manifest_plain", kept)
    binding = context(
        f"bundlefmt/1 {label}",
        other.get("kind", bundle.kind),
        other.get("publisher_id", bundle.chain.publisher_id),
        other.get("bundle_id", bundle.bundle_id),
    )
    binding += other.get("suffix", b"")
    salt = expand(bundle.name, "salt manifest 0", 24)
    cek = other.get("cek", bundle.cek)
    return bundle.hook("manifest", lambda _: encrypt(cek, binding, salt, kept["manifest_plain"]))


def _context() -> Iterator[Case]:
    other = expand("manifest", "other", 32)
    for name, label, values, comment in (
        ("context-kind", "manifest", {"kind": 2}, "kind 2"),
        ("context-bundle-id", "manifest", {"bundle_id": other[:16]}, "another bundle_id"),
        ("context-publisher", "manifest", {"publisher_id": other}, "another publisher_id"),
        ("context-record", "record", {"suffix": u32(0)}, "the label and index of a record"),
        ("context-index", "manifest", {"suffix": u32(0)}, "an index, as a record has"),
    ):
        bundle = resealed(release(f"manifest-{name}"), label, **values)
        comment = f"The manifest is encrypted under a context with {comment}."
        yield case(bundle, comment, "ENC-1 RCP-7 RCP-8", "NO_IDENTITY")
    bundle = resealed(release("manifest-other-cek"), "manifest", cek=other)
    comment = "The manifest is encrypted under another CEK than the one that is wrapped."
    yield case(bundle, comment, "ENC-1 RCP-7 RCP-8", "NO_IDENTITY")


def _forms() -> Iterator[Case]:
    for form in (2, 3, 128, 255):
        bundle = release(f"manifest-form-{form}")
        bundle.hook("used", lambda used, form=form: bytes([form]) + used[1:])
        yield case(bundle, f"A release has form {form}.", "MAN-1", "MANIFEST_LAYOUT")
    bundle = release("manifest-form-2-pointer-item")
    bundle.form = 2
    comment = "A release has form 2 and a pointer's item."
    yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")
    for form in (0, 3):
        bundle = pointer(f"manifest-pointer-form-{form}")
        bundle.hook("used", lambda used, form=form: bytes([form]) + used[1:])
        yield case(bundle, f"A pointer has form {form}.", "MAN-1", "MANIFEST_LAYOUT")
    bundle = pointer("manifest-pointer-form-0-release-item")
    bundle.form = 0
    comment = "A pointer has form 0 and the items of a release without files."
    yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")
    bundle = pointer("manifest-pointer-form-1-release-item")
    bundle.form, bundle.needed = 1, built(release("valid-two-files"))
    comment = "A pointer has form 1 and the items of a patch without files."
    yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")


def _joined(frames: list[bytes], place: int, length: int) -> bytes:
    """The layout with a false length of one frame."""
    lengths = [length if i == place else len(frame) for i, frame in enumerate(frames)]
    pairs = zip(lengths, frames, strict=True)
    return b"\0" + b"".join(u32(size) + frame for size, frame in pairs)


def _frames() -> Iterator[Case]:
    for place, item in enumerate(("release", "listing", "records")):
        for name, length in (("all-ones", 2**32 - 1), ("sign-bit", 2**31), ("64-mib", 64 << 20)):
            bundle = release(f"manifest-{item}-length-{name}")
            kept: dict[str, list[bytes]] = {}
            keep(bundle, "frames", kept)
            bundle.hook("used", lambda _, k=kept, p=place, n=length: _joined(k["frames"], p, n))
            comment = f"The length of the {item} frame is {length:,}."
            yield case(bundle, comment, "MAN-4", "MANIFEST_LAYOUT")
    bundle = release("manifest-records-length-one-past-end")
    kept = {}
    keep(bundle, "frames", kept)

    def past(used: bytes) -> bytes:
        return _joined(kept["frames"], 2, len(kept["frames"][2]) + padme(len(used)) - len(used) + 1)

    bundle.hook("used", past)
    comment = "The last frame ends one byte after the plaintext, padding included."
    yield case(bundle, comment, "MAN-4", "MANIFEST_LAYOUT")
    for name, length, comment in (
        ("form-alone", 1, "The plaintext is the form byte."),
        ("first-length-cut", 3, "The plaintext ends in the length of the first frame."),
        ("first-length-alone", 5, "The plaintext ends after the length of the first frame."),
    ):
        bundle = release(f"manifest-{name}")
        bundle.hook("manifest_plain", lambda plain, n=length: plain[:n])
        yield case(bundle, comment, "MAN-4", "MANIFEST_LAYOUT")
    for name, count, tail, comment in (
        ("second-length-missing", 1, 0, "The plaintext ends after the first frame."),
        ("third-length-cut", 2, 2, "The plaintext ends in the length of the third frame."),
        ("third-frame-missing", 2, 0, "The plaintext ends after the second frame."),
    ):
        bundle = release(f"manifest-{name}")
        kept = {}
        keep(bundle, "frames", kept)

        def ended(_: bytes, k: Any = kept, n: int = count, zeros: int = tail) -> bytes:
            return b"\0" + b"".join(u32(len(f)) + f for f in k["frames"][:n]) + bytes(zeros)

        bundle.hook("manifest_plain", ended)
        yield case(bundle, comment, "MAN-4", "MANIFEST_LAYOUT")
    bundle = Bundle("manifest-empty", standard())
    bundle.files = [File("a", b"a")]
    bundle.hook("manifest_plain", lambda _: b"")
    comment = "The manifest's plaintext is empty, and its message below the shortest length."
    yield case(bundle, comment, "HDR-10", "HEADER_LIMIT")
    bundle = pointer("manifest-pointer-length-all-ones")
    bundle.hook("used", lambda used: used[:1] + u32(2**32 - 1) + used[5:])
    yield case(bundle, "The length of the pointer frame is 2^32-1.", "MAN-4", "MANIFEST_LAYOUT")


def _padded(name: str, notes: int) -> Bundle:
    """A release of raw frames; the notes' length decides how many zeros follow."""
    bundle = uncompressed(release(name))
    bundle.release = {6: "n" * notes}
    return bundle


def _padding() -> Iterator[Case]:
    # The release record grows by one byte with each byte of notes, and nothing else changes.
    base = len(built(_padded("manifest-padding-probe", 300)).at["used"])
    aim = padme(base)
    full = _padded("manifest-padding-none", 300 + aim - base)
    yield case(full, "The layout has a Padmé size; no zeros follow.", "MAN-2 MAN-3")
    longer = 300 + aim - base + 3
    zeros = padme(aim + 3) - aim - 3
    if zeros < 4:
        raise ValueError(zeros)
    for name, change, rules, comment in (
        ("first-byte", lambda p: flip(p, len(p) - zeros), "MAN-2", "The first padding byte is 1."),
        ("last-byte", lambda p: flip(p, len(p) - 1), "MAN-2", "The last padding byte is 1."),
        ("high-bit", lambda p: flip(p, len(p) - 2, 0x80), "MAN-2", "A padding byte is 128."),
        ("one-byte-less", lambda p: p[:-1], "MAN-3", "One byte of padding is missing."),
        ("missing", lambda p: p[:-zeros], "MAN-3", "There is no padding."),
        ("one-byte-more", lambda p: p + b"\0", "MAN-3", "There is one zero too many."),
        (
            "one-step-more",
            lambda p: p.ljust(padme(len(p) + 1), b"\0"),
            "MAN-3",
            "The padding goes to the next Padmé size but one.",
        ),
    ):
        bundle = _padded(f"manifest-padding-{name}", longer).hook("manifest_plain", change)
        yield case(bundle, comment, rules, "MANIFEST_LAYOUT")
    used = built(pointer("manifest-pointer-padding-probe")).at["used"]
    if padme(len(used)) == len(used):
        raise ValueError("no padding to change")
    bundle = pointer("manifest-pointer-padding")
    bundle.hook("manifest_plain", lambda p: p[:-1] + b"\1")
    comment = "The last padding byte of a pointer is 1."
    yield case(bundle, comment, "MAN-2", "MANIFEST_LAYOUT")
