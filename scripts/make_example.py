"""Writes spec/examples/minimal.md: one bundle byte by byte, from a test vector and its intermediates.

python scripts/make_example.py            write it
python scripts/make_example.py --check    1 when the file differs from what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bundlefmt.bundle.front import audit_bundle  # noqa: E402
from bundlefmt.bundle.policy import TrustPolicy  # noqa: E402
from bundlefmt.errors import BundleError  # noqa: E402
from bundlefmt.trust.chain import parse_trust_file  # noqa: E402
from bundlefmt.wire import cbor  # noqa: E402

NAME = "valid-minimal"
OUTPUT = ROOT / "spec" / "examples" / "minimal.md"
VECTORS = ROOT / "test-vectors"
ROW = 16  # bytes on a line of annotated hex
WIDE = 32  # bytes on a line of a value

HEAD = """\
# A bundle byte by byte

This is the vector `{name}`: one file, `{path}`, with the one byte `{content}`, for one recipient, signed by one key
under the first trust document of its publisher. All secrets are for tests only. The text is
written by `scripts/make_example.py` from `test-vectors/bundles/{name}.bndl` and
`test-vectors/intermediates/{name}.json`; a test compares it with a fresh run.
Section numbers are those of `../bundlefmt.md`.
"""


def diagnostic(value: Any, indent: int = 0) -> str:
    """A CBOR item in diagnostic notation; short ones on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    if isinstance(value, list):
        parts, brackets = [diagnostic(item, indent + 2) for item in value], "[]"
    else:
        parts, brackets = [f"{key}: {diagnostic(item, indent + 2)}" for key, item in value.items()], "{}"
    line = ", ".join(parts)
    if "\n" not in line and len(line) + indent < 110:
        return f"{brackets[0]}{line}{brackets[1]}"
    pad = " " * (indent + 2)
    return f"{brackets[0]}\n{pad}" + f",\n{pad}".join(parts) + f"\n{' ' * indent}{brackets[1]}"


def item(data: str) -> str:
    """Diagnostic notation of an item given in hexadecimal."""
    return block(diagnostic(cbor.decode(bytes.fromhex(data), "HEADER_ENCODING")))


def block(text: str) -> str:
    """A preformatted block."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines()) + "\n"


def value(name: str, data: str, how: str) -> str:
    """A derived value: its name, how it comes about, its bytes."""
    lines = [data[at : at + 2 * WIDE] for at in range(0, len(data), 2 * WIDE)]
    return f"**{name}** = {how}\n\n" + block("\n".join(lines))


class Annotator:
    """Walks the file from its first byte to its last, naming every one.

    Args:
        data: the file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self._lines: list[str] = []

    def take(self, length: int, what: str) -> None:
        """Name the next bytes."""
        part = self._data[self.at : self.at + length]
        if len(part) < length:
            raise ValueError(f"the file ends in {what}")
        for start in range(0, length, ROW):
            row = part[start : start + ROW].hex(" ", -4)  # groups from the left
            note = what if not start else ""
            self._lines.append(f"{self.at + start:6}  {row:<{2 * ROW + ROW // 4 - 1}}  {note}".rstrip())
        self.at += length

    def text(self) -> str:
        """The lines since the last call."""
        lines, self._lines = self._lines, []
        return block("\n".join(lines))

    def peek(self, length: int) -> int:
        """The number that the next bytes are."""
        return int.from_bytes(self._data[self.at : self.at + length], "big")


def bundle(file: Annotator, found: dict[str, Any]) -> Iterator[str]:
    """Every section of the file."""
    prelude = found["prelude"]
    yield "## The file\n\n### Prelude (section 2)\n"
    file.take(8, "magic")
    file.take(2, "major version 1")
    file.take(2, "reserved")
    for name in ("header_len", "signatures_len", "trust_len", "recipients_len"):
        file.take(4, f"{name} {prelude[name]}")
    file.take(4, "reserved")
    yield file.text()

    yield "### Header (section 4)\n"
    file.take(prelude["header_len"], "header, the signed bytes")
    yield file.text()
    yield "In diagnostic notation:\n"
    yield item(found["header"]["bytes"])

    yield "### Signatures (section 3)\n"
    signature_rows(file, found["signatures"])
    yield file.text()

    yield "### Trust section (section 5)\n"
    for frame in found["trust"]:
        length = file.peek(4)
        file.take(4, f"document_len {length}")
        file.take(4, f"table_len {file.peek(4)}")
        file.take(length, "document")
        signature_rows(file, frame["rows"])
    yield file.text()
    for frame in found["trust"]:
        yield "The document in diagnostic notation:\n"
        yield item(frame["document"])

    yield "### Recipients (section 6)\n"
    for entry in found["recipients"]:
        file.take(2, f"type {entry['type']}")
        file.take(2, f"length {len(entry['payload']) // 2}")
        if entry["hint"]:
            file.take(4, "hint")
        file.take(len(entry["enc"]) // 2, "enc")
        file.take(48, "ciphertext of the CEK, with tag")
    yield file.text()

    manifest = found["manifest"]
    yield "### Manifest (sections 7 and 8)\n"
    message(file, len(manifest["message"]) // 2)
    yield file.text()
    yield "Its plaintext:\n"
    yield plaintext(manifest)
    for name, title in (("release", "release record"), ("listing", "listing"), ("records", "record table")):
        yield f"The {title}, decompressed, and in diagnostic notation:\n"
        yield block(manifest["items"][name])
        yield item(manifest["items"][name])

    yield "### Leaves and body (section 9)\n"
    for number in range(len(found["leaves"])):
        file.take(32, f"leaf {number}")
    used = 0
    for number, record in enumerate(found["records"]):
        length = len(record["message"]) // 2
        message(file, length, f"record {number}: ")
        used += length
    file.take(found["body_len"] - used, "padding, random")
    yield file.text()
    if file.at != found["file_size"]:
        raise ValueError("the file goes on")
    yield f"The file has {found['file_size']} bytes and the SHA-256 `{found['file_sha256']}`.\n"


def signature_rows(file: Annotator, rows: list[dict[str, Any]]) -> None:
    """A signature table."""
    for row in rows:
        file.take(2, f"alg {row['alg']}")
        file.take(32, "kid")
        file.take(2, f"sig_len {len(row['signature']) // 2}")
        file.take(len(row["signature"]) // 2, "signature")


def message(file: Annotator, length: int, prefix: str = "") -> None:
    """A Cobblestone message of one chunk."""
    file.take(24, f"{prefix}salt")
    file.take(32, f"{prefix}commitment")
    file.take(length - 56, f"{prefix}chunk 0, with tag")


def plaintext(manifest: dict[str, Any]) -> str:
    """The manifest's plaintext, named."""
    file = Annotator(bytes.fromhex(manifest["plaintext"]))
    file.take(1, "form 0, complete")
    for name, frame in zip(("release", "listing", "records"), manifest["frames"], strict=True):
        file.take(4, f"length {len(frame) // 2}")
        file.take(len(frame) // 2, f"zstd frame of the {name}")
    total = len(manifest["plaintext"]) // 2
    file.take(total - manifest["used"], f"zeros, from {manifest['used']} to padme({manifest['used']}) = {total}")
    return file.text()


def schedule(found: dict[str, Any]) -> Iterator[str]:
    """Every derived value, in the order in which a writer computes them."""
    yield "## Every derived value, in order\n"
    frame, entry, manifest = found["trust"][0], found["recipients"][0], found["manifest"]
    yield value("publisher_id", found["publisher_id"], "SHA-256 of the document with its bytes 21 to 52 set to zero")
    row = frame["rows"][0]
    yield value("payload of the trust signature", frame["payload"], "SHA-256 of the document")
    yield value("root kid", row["kid"], "SHA-256(a301012006215820 || root public key)")
    yield value("Sig_structure under `bundlefmt/1 trust`", row["sig_structure"], "what the root key signs")
    yield value("CEK", found["cek"], "32 random bytes")
    yield value("bundle_id", found["bundle_id"], "16 random bytes")
    for number, record in enumerate(found["records"]):
        name = f"record {number}"
        yield value(f"{name}: context", record["context"], "label, 00, suite, kind, publisher_id, bundle_id, index")
        yield from message_values(name, record)
    for number, leaf in enumerate(found["leaves"]):
        yield value(f"leaf {number}", leaf, f"SHA-256(00 || u64 {number} || its bytes of the body)")
    how = f"SHA-256(01 || u64 {found['body_len']} || u32 {found['leaf_size']} || leaves)"
    yield value("body_root", found["body_root"], how)
    yield value("tree", found["tree"], "SHA-256 of the listing")
    yield value("release id", found["release_id"], "SHA-256 of the release record")
    yield value("manifest: context", manifest["context"], "label, 00, suite, kind, publisher_id, bundle_id")
    yield from message_values("manifest", manifest)
    yield value("recipient's secret", entry["identity_secret"], "32 random bytes, an X25519 secret")
    yield value("recipient's public key", entry["public_key"], "X25519 of it and the base point")
    yield value("recipient key id", entry["recipient_key_id"], "for people; not in the file")
    yield value("HPKE info", entry["info"], "label, 00, suite, kind, publisher_id, bundle_id, type")
    yield value("enc", entry["enc"], "HPKE encapsulated key, from a fresh ephemeral key")
    yield value("ciphertext", entry["ciphertext"], "HPKE seal of the CEK, with empty aad")
    yield value(
        "hint", entry["hint"], 'first 4 bytes of SHA-256("bundlefmt/1 hint" || 00 || type || enc || public key)'
    )
    row = found["signatures"][0]
    yield value("release kid", row["kid"], "SHA-256(a301012006215820 || release public key)")
    yield value("Sig_structure under `bundlefmt/1 release`", row["sig_structure"], "what the release key signs")
    yield value("signature", row["signature"], "Ed25519 over it")


def message_values(name: str, found: dict[str, Any]) -> Iterator[str]:
    """The key schedule of one message."""
    yield value(f"{name}: salt", found["salt"], "24 random bytes")
    derived = "HKDF-Expand-SHA-512(CEK, label || 00 || salt || context, 76): key, base nonce, commitment"
    yield f"**{name}: derived** = {derived}\n"
    yield block("\n".join((found["key"], found["base_nonce"], found["commitment"])))
    yield value(f"{name}: message", found["message"], "salt || commitment || AES-256-GCM of the plaintext")


def mutations(data: bytes, case: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """Two changed bytes and what readers say."""
    yield "## Two changes\n"
    policy = TrustPolicy(parse_trust_file((VECTORS / case["trust"]).read_text()), case["now"])
    body_at = found["file_size"] - found["body_len"]
    header_at = 32 + found["prelude"]["header_len"] - 3
    for offset, what in (
        (header_at, "The last byte of `body_root`, in the header"),
        (body_at + 56, "The first byte of the record's chunk, in the body"),
    ):
        changed = data[:offset] + bytes((data[offset] ^ 1,)) + data[offset + 1 :]
        try:
            audit_bundle(changed, trust=policy)
        except BundleError as exc:
            change = f"- {what}, at {offset}: `{data[offset]:02x}` becomes `{changed[offset]:02x}`."
            refusal = f"`{exc.code}` in the phase `{exc.phase}` ({', '.join(exc.rules)})"
            yield f"{change} Every reader refuses it with {refusal}, with or without an identity.\n"
        else:
            raise ValueError(f"nobody notices a change at {offset}")


def example() -> str:
    """The whole text."""
    index = json.loads((VECTORS / "index.json").read_text())
    case = next(case for case in index["cases"] if case["name"] == NAME)
    found = json.loads((VECTORS / "intermediates" / f"{NAME}.json").read_text())
    data = (VECTORS / case["bundle"]).read_bytes()
    file = Annotator(data)
    head = HEAD.format(name=NAME, path=found["listing"][0][0], content="a")
    return "\n".join((head, *bundle(file, found), *schedule(found), *mutations(data, case, found)))


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    text = example()
    if parser.parse_args().check:
        same = OUTPUT.is_file() and OUTPUT.read_text() == text
        print("as it should be" if same else f"{OUTPUT.relative_to(ROOT)} differs")
        return 0 if same else 1
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
