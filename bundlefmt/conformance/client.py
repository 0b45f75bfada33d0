"""The conformance protocol spoken for this library (spec/conformance.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.source import Openable
from bundlefmt.conformance.protocol import ACCEPT, NONE, REFUSE, UNSUPPORTED
from bundlefmt.conformance.setting import Setting, read_trust
from bundlefmt.errors import BundleError
from bundlefmt.model.header import POINTER, RELEASE

Answer = dict[str, Any]
_KINDS = {"release": RELEASE, "pointer": POINTER}


def run(arguments: Sequence[str], stdin: BinaryIO) -> tuple[int, str]:
    """Answer one question.

    Args:
        arguments: verb and what follows it.
        stdin: standard input, read by the verbs that have one.

    Returns:
        Exit code and the one line, empty when the verb or its arguments are not known.
    """
    verb, *rest = arguments or ("",)
    try:
        answer = _ask(verb, rest, stdin)
    except BundleError as exc:
        return REFUSE, _line({"ok": False, "code": exc.code, "phase": exc.phase})
    if answer is None:
        return UNSUPPORTED, ""
    return (ACCEPT if answer["ok"] else REFUSE), _line(answer)


def _line(answer: Answer) -> str:
    return json.dumps(answer) + "\n"


def _ask(verb: str, rest: Sequence[str], stdin: BinaryIO) -> Answer | None:
    if verb == "primitive":
        return _primitive(rest[0], stdin) if len(rest) == 1 else None
    if verb not in _VERBS:
        return None
    count, ask = _VERBS[verb]
    return ask(rest, stdin) if len(rest) == count else None


def _audit(given: Sequence[str], stdin: BinaryIO) -> Answer:
    del stdin
    kind, trust, now, bundle = given
    policy = TrustPolicy(read_trust(Path(trust)), int(now))
    audit_bundle(bundle, trust=policy, kind=_KINDS[kind])
    return {"ok": True}


def _unpack(given: Sequence[str], stdin: BinaryIO) -> Answer:
    del stdin
    *asked, bundle, out = given
    with _setting(asked) as setting:
        if _KINDS[asked[0]] == POINTER:
            return _pointer(setting, bundle)
        reader = setting.reader(bundle)
        reader.extractall(out)
        return _facts(reader)


def _stream(given: Sequence[str], stdin: BinaryIO) -> Answer:
    *asked, out = given
    with _setting(asked) as setting, Path(out).open("xb", buffering=0) as file:
        if _KINDS[asked[0]] == POINTER:
            return _pointer(setting, stdin)
        reader = setting.reader(stdin)
        file.writelines(chunk.data for chunk in reader.contents())
        for row in reader.manifest.table.external:
            reader.external(row)
        return _facts(reader)


def _read(given: Sequence[str], stdin: BinaryIO) -> Answer:
    del stdin
    *asked, bundle, path, out = given
    with _setting(asked) as setting:
        data = setting.reader(bundle).read(path)
    Path(out).write_bytes(data)
    return {"ok": True}


_VERBS: dict[str, tuple[int, Callable[[Sequence[str], BinaryIO], Answer]]] = {
    "audit": (4, _audit),
    "unpack": (8, _unpack),
    "stream": (7, _stream),
    "read": (9, _read),
}


def _primitive(family: str, stdin: BinaryIO) -> Answer | None:
    from bundlefmt.conformance import primitives  # noqa: PLC0415 - whole bundles need none of it

    try:
        return {"ok": True, "output": primitives.answer(family, json.load(stdin))}
    except primitives.Refused:
        return {"ok": False}
    except primitives.UnknownQuestion:
        return None


def _setting(given: Sequence[str]) -> Setting:
    """From KIND TRUST NOW IDENTITY NEEDED EXPECT; the kind is judged by the verb."""
    _, trust, now, identity, needed, expect = given
    return Setting(
        Path(trust),
        int(now),
        identity=None if identity == NONE else Path(identity),
        needed=None if needed == NONE else Path(needed),
        expect={} if expect == NONE else json.loads(Path(expect).read_bytes()),
    )


def _pointer(setting: Setting, bundle: Openable) -> Answer:
    return {"ok": True, "sequence": setting.pointer(bundle).pointer.sequence}


def _facts(reader: BundleReader) -> Answer:
    return {
        "ok": True,
        "tree": reader.release.tree.hex(),
        "release_id": reader.release_id.hex(),
        "number": reader.release.number,
        "files": len(reader.listing.files),
    }
