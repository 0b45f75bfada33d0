"""Accepted bundles with unusual record tables, and several heads over one body."""

from __future__ import annotations

from collections.abc import Iterator

from builder.bundle import Built, Bundle, File, Record
from builder.cases import Case, built, case
from builder.changes import tree
from builder.keys import HYBRID
from builder.scenes import wide
from builder.stream import expand
from builder.wrap import Wrap


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _tables()
    yield from _again()


def _tables() -> Iterator[Case]:
    bundle = wide("valid-record-order")
    bundle.records = [Record([2]), Record([0]), Record([1])]
    yield case(bundle, "The records have another order than the rows.", "REC-6")
    bundle = wide("valid-interleaved")
    bundle.records = [
        Record([[1, 0, 5000]]),
        Record([0]),
        Record([[1, 5000, 7000]], coding=1),
        Record([[2, 0, 1]]),
        Record([[1, 12_000, 8000]]),
        Record([[2, 1, 11_999]]),
    ]
    comment = "A content in three records, another in two, and records of others between."
    yield case(bundle, comment, "REC-6 ENC-3")
    bundle = wide("valid-shared-cuts")
    bundle.records = [
        Record([0, [1, 0, 5000], [2, 0, 10]]),
        Record([[1, 5000, 15_000], [2, 10, 11_990]], coding=1),
    ]
    yield case(bundle, "Two records share the cuts of three contents.", "REC-5 REC-6")
    texts = [File(f"t{i:02d}", b'{"key": %d, "value": "text"}\n' % i) for i in range(40)]
    bundle = tree("valid-shared-and-own", *texts, File("big", expand("reuse", "big", 9000)))
    bundle.records = [Record([*range(40, 0, -1)], coding=1), Record([0])]
    comment = "Forty contents in one record in reverse order, and one of its own."
    yield case(bundle, comment, "REC-5 REC-6")
    same = b"equal"
    bundle = tree(
        "valid-equal-among-shared",
        *(File(path, same) for path in ("b", "d")),
        *(File(path, path.encode()) for path in ("a", "c", "e")),
    )
    bundle.records = [Record([4, 1, 0, 2])]
    yield case(bundle, "A shared record names equal files by their first row.", "REC-4 REC-5")


def _over(bundle: Bundle, body: Built) -> Bundle:
    """Put a bundle's head over a body that exists, with its CEK and bundle_id."""
    bundle.cek, bundle.bundle_id = body.cek, body.bundle_id
    bundle.hook("messages", lambda _: body.at["messages"])
    return bundle.hook("body", lambda _: body.at["body"])


def _again() -> Iterator[Case]:
    first = wide("valid-re-release-first")
    yield case(first, "The release whose body is used again.", "W-3")
    body = built(first)
    again = _over(wide("valid-re-release-again"), body)
    again.release = {1: 43, 2: "1.4.2 again"}
    comment = "A later release with a new manifest over the same body."
    yield case(again, comment, "W-3 ENC-4")
    renamed = _over(wide("valid-re-release-renamed"), body)
    renamed.files = [File("new/" + file.path, file.data, 1) for file in first.files]
    renamed.release = {1: 44, 2: "1.4.4"}
    comment = "A later release with other paths and modes over the same body."
    yield case(renamed, comment, "W-3 ENC-4")
    heads = wide("valid-two-heads-x25519")
    yield case(heads, "The first of two heads over one body.", "W-3")
    second = _over(wide("valid-two-heads-hybrid"), built(heads))
    second.recipients = [Wrap(HYBRID)]
    comment = "The second head, of the same release record, for a recipient of another type."
    yield case(second, comment, "W-3 RCP-6", identity="device-hybrid")
