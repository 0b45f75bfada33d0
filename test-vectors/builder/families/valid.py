"""Bundles that every reader accepts."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from builder.bundle import CREATED, Bundle, File, Record
from builder.cases import Case, built, case
from builder.encode import u16
from builder.keys import DEVICE, HYBRID, Row, SigningKey
from builder.scenes import pointer, release, rotated, standard, wide
from builder.stream import expand
from builder.trust import Chain, role
from builder.wrap import Wrap, entry

GREASE = (2570, 6682, 10794, 64250)


def _tree(name: str, *files: File) -> Bundle:
    bundle = Bundle(name, standard())
    bundle.files = list(files)
    return bundle


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _trees()
    yield from _records()
    yield from _roles()
    yield from _texts()


def _trees() -> Iterator[Case]:
    yield case(_tree("valid-no-files"), "A release without files has an empty body.", "BDY-1")
    bundle = _tree("valid-one-empty-file", File("empty", b""))
    yield case(bundle, "An empty file has no record, and the body is empty.", "LST-4 REC-7")
    bundle = _tree("valid-minimal", File("a.txt", b"a"))
    yield case(bundle, "The smallest release with a record.", "PRE-1 SIG-4 HDR-1 ENC-3", key_case=True)
    yield case(release("valid-two-files"), "Two files, one executable.", "LST-1")
    bundle = _tree(
        "valid-many-files",
        *(File(f"dir{i % 3}/file{i:02d}", expand("many", str(i), 10 * i)) for i in range(30)),
    )
    yield case(bundle, "Thirty files in three folders, one of them empty.", "LST-2 REC-6")
    twice = b"the same bytes in three places"
    bundle = _tree("valid-equal-contents", *(File(path, twice) for path in ("b/two", "a/one", "c/three")))
    yield case(bundle, "Three files of one content share one record.", "LST-3 REC-4")
    bundle = _tree("valid-modes", File("plain", b"0"), File("tool", b"1", 1), File("void", b"", 1))
    yield case(bundle, "Both modes, also on an empty file.", "LST-1")
    bundle = _tree(
        "valid-names-not-ascii",
        File("gr\u00fc\u00dfe.txt", b"u"),
        File("\u65e5\u672c\u8a9e/\u30d5\u30a1\u30a4\u30eb", b"j"),
        File("\U0001f4e6", b"p"),
        File("\uffee", b"e"),
    )
    yield case(bundle, "Names outside ASCII are ordered by their bytes, not by code units.", "LST-2")
    bundle = _tree(
        "valid-names-with-spaces",
        File(" leading and inner", b"1"),
        File("a b/c d.txt", b"2"),
        File("~#%&{}<>*?|\"'", b"3"),
    )
    yield case(bundle, "Spaces and punctuation that the path rules allow.", "PTH-3 PTH-5")
    bundle = _tree(
        "valid-names-order",
        *(File(path, path.encode()) for path in ("a", "a-b", "a.b", "a0", "A1", "b/a", "b-", "b0")),
    )
    yield case(bundle, "A folder sorts by its slash among names with - and 0.", "LST-2 PTH-8")


def _records() -> Iterator[Case]:
    yield case(wide("valid-multi-record"), "Three records over three leaves.", "BDY-2 ENC-3", key_case=True)
    bundle = _tree("valid-two-records-zeros", File("zeros", bytes((8 << 20) + 5)))
    bundle.records = [
        Record([[0, 0, 8 << 20]], coding=1),
        Record([[0, 8 << 20, 5]]),
    ]
    yield case(bundle, "One content of 8 MiB and 5 bytes in two records.", "REC-2 REC-6 ZST-5")
    bundle = _tree(
        "valid-shared-record",
        *(File(f"f{i}.json", b'{"number": %d, "text": "shared"}' % i) for i in range(5)),
    )
    bundle.records = [Record([0, 1, 2, 3, 4], coding=1)]
    yield case(bundle, "Five contents in one compressed record.", "REC-5", key_case=True)
    bundle = _tree("valid-chunk-exact", File("a.bin", expand("chunk", "exact", 16384)))
    yield case(bundle, "A record of exactly one chunk ends with an empty chunk.", "ENC-3")
    base = wide("valid-patch-base")
    yield case(base, "The release that the patch vectors need.", "REC-7")
    patch = _tree(
        "valid-patch",
        File("a.bin", built(base).files[0].data),
        File("b.bin", b"new head " + built(base).files[1].data[9:]),
        File("d.bin", b"a new file"),
    )
    patch.release = {1: 43, 2: "1.4.3"}
    patch.needed = built(base)
    patch.records = [
        Record([1], coding=1, prefix=[[1, 1, 0, 20000]]),
        Record([2]),
    ]
    yield case(
        patch,
        "A patch: one external content, one against its older self, one new.",
        "MAN-5 MAN-6 REC-8 REC-10",
        needed="valid-patch-base",
        key_case=True,
    )


def _roles() -> Iterator[Case]:
    yield case(
        release("valid-chain-of-five", rotated()),
        "Five epochs with new keys in each, walked from the first.",
        "TRU-9 TRU-10 TRU-11",
    )
    three = release("valid-chain-of-three", rotated().prefix(3).renamed("rotated"))
    yield case(three, "Three epochs, walked from the first.", "TRU-9 TRU-10", key_case=True)
    keys = [SigningKey(f"council release {i}") for i in range(5)]
    council = Chain.start("council", release=role(3, *keys))
    bundle = release("valid-three-of-five", council)
    bundle.signers = keys[1:4]
    yield case(bundle, "Three of five release keys signed.", "SIG-6")
    bundle = release("valid-hybrid-recipient")
    bundle.recipients = [Wrap(HYBRID)]
    yield case(bundle, "A recipient of type 2.", "RCP-3 RCP-6", identity="device-hybrid", key_case=True)
    bundle = release("valid-x25519-recipient")
    yield case(bundle, "A recipient of type 1.", "RCP-3 RCP-6", key_case=True)
    yield case(pointer("valid-pointer"), "A pointer without offers.", "HDR-11 PTR-1", key_case=True)
    bundle = release("valid-grease")
    bundle.extensions = {GREASE[0]: [1, b"x", "x", {5: True}], GREASE[1]: 0, 61440: b""}
    bundle.extra_rows = [Row(number, bytes(32), b"grease") for number in GREASE]
    grease = [entry(number, b"grease" + u16(number)) for number in GREASE]
    bundle.recipients = [Wrap(DEVICE), *grease]
    bundle.release = {64: 1, 70: [b"x", {0: False}]}
    yield case(
        bundle,
        "Unknown extensions, signature rows, recipients and record keys all at once.",
        "EXT-1 HDR-5 SIG-7 RCP-5 REL-1",
    )


def _texts() -> Iterator[Case]:
    bundle = release("valid-every-field")
    bundle.release = {
        4: CREATED + 50_000_000,
        5: {0: [1, 2], 1: [2, 0, 0, 1], 2: ["linux-x86_64", "macos-arm64"]},
        6: "What is new: nothing.\n",
        7: [["channel", "beta"], ["commit", "0123456789abcdef"]],
        8: [[1, expand("new identity", "1", 32)], [2, expand("new identity", "2", 32)]],
    }
    expect = {
        "product": "demo",
        "host": [1, 9, 3],
        "platform": "linux-x86_64",
        "floor": {"min_epoch": 1, "number": 41, "release_id": sha256(b"older").hexdigest()},
    }
    yield case(bundle, "A release record with every optional field.", "REL-1 POL-6", expect=expect)
    bundle = release("valid-longest-texts")
    bundle.release = {
        0: "P" + "r-o_d.7" * 18 + "x",
        1: 2**53 - 1,
        2: "\u00e9" * 64,
        3: 2**53 - 2,
        4: 2**53 - 1,
        5: {
            0: [0, 0, 0, 0],
            1: [2**53 - 1] * 4,
            2: sorted(f"{i:02d}-" + "p" * 61 for i in range(32)),
        },
        6: "n" * 65536,
        7: [[f"{i:03d}" + "k" * 125, "v" * 300] for i in range(255)] + [["z" * 128, "w" * 65536]],
        8: [[1, expand("new identity", str(i), 32)] for i in range(15)] + [[2570, b"s" * 4096]],
    }
    bundle.release[8] = sorted(bundle.release[8], key=lambda pair: (pair[0], pair[1]))
    expect = {"host": [7], "platform": "00-" + "p" * 61}
    yield case(bundle, "Every text, list and number at its limit.", "REL-1 MAN-7", expect=expect)
    bundle = release("valid-unknown-record-keys")
    bundle.release = {64: "x", 2**53 - 1: {0: [], 2**53 - 1: {}}}
    yield case(bundle, "Release record keys from 64 on are ignored.", "REL-1")
