"""Patches: bundles of form 1 that need another tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from builder.bundle import Built, Bundle, File, Record
from builder.cases import Case, built, case
from builder.changes import edit, reframed, tree, uncompressed
from builder.families.prefix import similar
from builder.frames import compress, raw_frame
from builder.stream import expand

BASE = "patch-base"
OLD = expand("patch", "b", 5000)
NEW = similar(OLD)
KEPT = expand("patch", "a", 3000)


def base(name: str = BASE) -> Bundle:
    """Row 0 and 4 are equal, 1 is what patches change, 2 a text, 3 empty."""
    contents = (KEPT, OLD, b"a text\n", b"", KEPT)
    names = zip(("a", "b", "c", "d", "e"), contents, strict=True)
    return tree(name, *(File(letter, data) for letter, data in names))


def patch(
    name: str,
    files: Sequence[File],
    records: list[Record] | None = None,
    needed: Built | None = None,
) -> Bundle:
    """The next release, as a patch on the base."""
    bundle = tree(f"patch-{name}", *files)
    bundle.release = {1: 43, 2: "1.4.3"}
    bundle.needed = needed or built(base())
    bundle.records = records
    return bundle


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield case(base(), "The release that these patches need.", "REC-7")
    yield from _accepted()
    yield from _needed()
    yield from _missing()
    yield from _prefixes()
    yield from _frames()


def _case(bundle: Bundle, comment: str, rules: str, code: str | None = None, **more: Any) -> Case:
    return case(bundle, comment, rules, code, **{"needed": BASE, **more})


def _accepted() -> Iterator[Case]:
    same = base().files
    bundle = patch("unchanged", same)
    comment = "The tree is that of the needed release; every content is external."
    yield _case(bundle, comment, "MAN-5 REC-8")
    renamed = [File("x/" + file.path, file.data, 1) for file in same]
    yield _case(patch("renamed", renamed), "Every file has another path and mode.", "REC-8")
    yield _case(patch("fewer", same[2:3]), "One file is left, and it is external.", "REC-8")
    yield _case(patch("emptied", []), "No file is left.", "REC-8")
    changed = [same[0], File("b", NEW), *same[2:]]
    bundle = patch("changed", changed, [Record([1], coding=1, prefix=[[1, 1, 0, 5000]])])
    yield _case(bundle, "One file changed; its record has its older self as prefix.", "REC-10 BDY-6")
    bundle = patch("changed-stored", changed)
    yield _case(bundle, "One file changed; its record is stored.", "REC-8")
    shifted = [File("0", b"first\n"), *changed]
    records = [Record([2], coding=1, prefix=[[1, 1, 0, 5000]]), Record([0])]
    bundle = patch("rows-shifted", shifted, records)
    comment = "A new file comes first, so that rows differ between the two listings."
    yield _case(bundle, comment, "REC-10")
    bundle = patch(
        "both-sources",
        [*changed, File("f", similar(NEW))],
        [
            Record([1], coding=1, prefix=[[1, 1, 0, 5000]]),
            Record([5], coding=1, prefix=[[1, 0, 0, 3000], [0, 1, 0, 5000], [1, 1, 9, 99]]),
        ],
    )
    comment = "A prefix joins both trees; what it takes of this one had a prefix of the needed one."
    yield _case(bundle, comment, "REC-10 REC-11")
    bundle = patch(
        "prefix-of-removed",
        [File("n", NEW)],
        [Record([0], coding=1, prefix=[[1, 1, 0, 5000], [1, 0, 0, 3000]])],
    )
    yield _case(bundle, "The prefix comes from files that are no longer listed.", "REC-10")
    bundle = patch("known-content", changed, [Record([1]), Record([0]), Record([2])])
    comment = "Contents of the needed tree are in the body too."
    yield _case(bundle, comment, "REC-8 REC-6")
    fresh = [File("x", b"x"), File("y", b"")]
    bundle = patch("nothing-external", fresh, [Record([0])])
    comment = "A patch that takes nothing from the tree it needs."
    yield _case(bundle, comment, "MAN-5 REC-8")
    yield case(tree("patch-base-empty"), "A release without files.", "REC-7")
    empty = built(tree("patch-base-empty"))
    bundle = patch("on-empty", fresh, [Record([0])], empty)
    comment = "The needed listing has one byte, too short for a prefix of the frames."
    yield _case(bundle, comment, "MAN-6", needed="patch-base-empty")
    bundle = uncompressed(patch("raw-frames", same))
    yield _case(bundle, "The frames do not use the needed listing.", "MAN-6")


def _needed() -> Iterator[Case]:
    same = base().files
    for name, files, records in (
        ("none", same, None),
        ("none-nothing-external", [File("x", b"x")], [Record([0])]),
    ):
        bundle = patch(f"needed-{name}", files, records)
        comment = "No needed release is at hand"
        comment += "." if name == "none" else ", although nothing is taken from it."
        yield _case(bundle, comment, "MAN-5", "NEEDED_TREE", needed=None)
    other = base("patch-base-other")
    other.files[2] = File("c", b"a tex\n\n")
    yield case(other, "A release with another content of equal length.", "REC-7")
    bundle = patch("needed-other", same)
    comment = "Another release of the product is at hand than the one that is needed."
    yield _case(bundle, comment, "MAN-5", "NEEDED_TREE", needed="patch-base-other")
    product = base("patch-base-other-product")
    product.release = {0: "other"}
    yield case(product, "The same tree, as a release of another product.", "REC-7")
    bundle = patch("needed-other-product", same)
    comment = "The release at hand has the needed tree and is of another product."
    yield _case(bundle, comment, "MAN-5", "NEEDED_TREE", needed="patch-base-other-product")
    bundle = patch("needed-zeros", same).hook("needed_tree", lambda _: bytes(32))
    bundle.hook("used", lambda used: used[:1] + bytes(32) + used[33:])
    yield _case(bundle, "The needed tree is 32 zeros.", "MAN-5", "NEEDED_TREE")
    bundle = patch("needed-one-bit", same)
    bundle.hook("used", lambda used: used[:32] + bytes([used[32] ^ 1]) + used[33:])
    comment = "The needed tree differs from the one at hand in its last bit."
    yield _case(bundle, comment, "MAN-5", "NEEDED_TREE")
    bundle = patch("needed-cut", same).hook("manifest_plain", lambda plain: plain[:20])
    yield _case(bundle, "The manifest ends in the needed tree.", "MAN-4", "MANIFEST_LAYOUT")


def _missing() -> Iterator[Case]:
    same = base().files
    bundle = patch("content-missing", [*same, File("f", b"new")], [])
    comment = "A new content is neither in the body nor in the needed tree."
    yield _case(bundle, comment, "REC-8", "CONTENT_MISSING")
    bundle = patch("content-other-size", same[1:3])
    bundle.hook("listing_item", edit(lambda size: size + 1, 0, 2))
    comment = "An external content has another size than in the needed tree."
    yield _case(bundle, comment, "REC-8", "CONTENT_MISSING")
    bundle = patch("content-in-part", same, [Record([[1, 0, 2500]])])
    comment = "Half of a content is in the body, the rest only in the needed tree."
    yield _case(bundle, comment, "REC-6", "RECORD_PIECES")


def _prefixes() -> Iterator[Case]:
    same = base().files
    files = [*same, File("f", NEW)]
    raw = raw_frame(NEW)
    good = [1, 1, 0, 100]
    for name, ranges, rules, comment in (
        (
            "external",
            [[0, 1, 0, 5000]],
            "REC-11",
            "A range of this tree names an external content.",
        ),
        ("external-too", [good, [0, 0, 0, 8]], "REC-11", "The second range does so."),
        ("row-not-first", [[1, 4, 0, 8]], "REC-10", "A range names a content's second row."),
        ("row-empty", [good, [1, 3, 0, 1]], "REC-10", "A range names the empty content."),
        ("row-5", [[1, 5, 0, 8]], "REC-10", "A range names a row that only this listing has."),
        ("range-empty", [good, [1, 1, 5, 0]], "REC-10", "A range has no bytes."),
        ("range-over", [[1, 1, 1, 5000]], "REC-10", "A range ends one byte too far."),
        ("range-over-size-here", [[1, 2, 0, 8]], "REC-10", "A range ends behind the needed text."),
        ("7-bytes", [[1, 1, 0, 7]], "REC-9", "A prefix has 7 bytes."),
    ):
        bundle = patch(f"prefix-{name}", files, [Record([5], coding=1, prefix=ranges, coded=raw)])
        yield _case(bundle, comment, rules, "RECORD_PREFIX")
    bundle = patch(
        "prefix-chain",
        [File("x", OLD + b"x"), File("y", OLD + b"y"), File("z", OLD + b"z")],
        [
            Record([0], coding=1, prefix=[[1, 1, 0, 5000]]),
            Record([1], coding=1, prefix=[[1, 0, 0, 100], [0, 0, 0, 5000]]),
            Record([2], coding=1, prefix=[[1, 1, 0, 100], [0, 1, 0, 5000]]),
        ],
    )
    comment = "A content whose record uses both trees is used again."
    yield _case(bundle, comment, "REC-11", "RECORD_PREFIX")
    other = expand("patch", "older b", 5000)
    files = [*same, File("f", similar(other)), File("g", b"a new file")]
    coded = compress(similar(other), other)
    records = [Record([6]), Record([5], coding=1, prefix=[[1, 1, 0, 5000]], coded=coded)]
    bundle = patch("prefix-other-release", files, records)
    comment = "The frame was made against the content of another release, of equal length."
    yield _case(bundle, comment, "BDY-5", "CONTENT_DIGEST", stop=1)
    damaged = base("patch-base-damaged")
    damaged.records = [Record([0]), Record([1], plain=OLD[:-1] + b"?"), Record([2])]
    comment = "The needed release with a content that is not what its listing says."
    yield case(damaged, comment, "BDY-5", "CONTENT_DIGEST", stop=1)
    files[5] = File("f", NEW)
    bundle = patch("prefix-damaged", files, [Record([6]), Record([5], coding=1, prefix=[[1, 1, 0, 4000]])])
    comment = (
        "The needed release has the right listing and a damaged content. The damage lies behind"
        " the range that is used, and the content must not be used at all."
    )
    yield _case(bundle, comment, "BDY-6", "NEEDED_CONTENT", needed="patch-base-damaged", stop=1)


def _frames() -> Iterator[Case]:
    old = built(base()).listing
    # Bytes of the needed listing in the notes make the frame refer to the prefix.
    paths = "".join(f"a long name {i} that is there twice/" for i in range(9))
    needed = tree("patch-base-long", File(paths + "x", b"x"))
    yield case(needed, "A release with a long path.", "REC-7")
    long = built(needed)
    bundle = patch("release-frame-prefix", long.files, None, long)
    bundle.release[6] = paths
    reframed(bundle, 0, lambda item: compress(item, long.listing))
    comment = "The release frame refers to the needed listing as prefix."
    yield _case(bundle, comment, "MAN-6 ZST-6", "MANIFEST_FRAME", needed="patch-base-long")
    other = base("patch-base-other")
    other.files[2] = File("c", b"a tex\n\n")
    wrong = built(other).listing
    if len(wrong) != len(old):
        raise ValueError("listings of different length")
    bundle = patch("listing-frame-other-prefix", other.files)
    reframed(bundle, 1, lambda item: compress(item, wrong))
    comment = "The listing frame was made against another listing of equal length."
    yield _case(bundle, comment, "MAN-6 REL-2", "TREE_DIGEST")
