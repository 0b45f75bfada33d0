"""The conformance runner: it lets this library pass, and every kind of wrong client fail."""

from __future__ import annotations

import io
import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.vectorset import ROOT, VECTORS

from bundlefmt.cli.main import main
from bundlefmt.conformance import client, expectations, report, runner, transports, vectors
from bundlefmt.conformance.protocol import CRASH, HANG, Question, Reply, read_reply

OWN_CLIENT = shlex.join([sys.executable, "-m", "bundlefmt", "conformance-client"])


@pytest.mark.parametrize("sample", [400, pytest.param(None, marks=pytest.mark.slow)])
def test_own_client_passes_without_processes(sample: int | None) -> None:
    ended = runner.run(transports.DirectTransport(), runner.select(VECTORS, sample=sample))
    assert ended.passed, list(report.failing(ended))
    assert not ended.skipped


def test_own_client_passes_as_any_would(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--client", OWN_CLIENT, "--sample", "25", "--vectors", str(ROOT)]) == 0
    assert "PASS: " in capsys.readouterr().out


@pytest.mark.slow
def test_own_client_passes_everything() -> None:
    ended = runner.run(transports.ProcessTransport(OWN_CLIENT), runner.select(VECTORS), jobs=2)
    assert ended.passed, list(report.failing(ended))


# Wrong clients


class Bent:
    """This library's client with its replies changed.

    Args:
        change: gets question and right reply, gives another.
    """

    def __init__(self, change: Callable[[Question, Reply], Reply]) -> None:
        self._change = change

    def ask(self, question: Question) -> Reply:
        return self._change(question, transports.DirectTransport().ask(question))


def _case(name: str) -> list[runner.Case]:
    return list(runner.select(VECTORS, name=name))


def _only_failure(transport: transports.Transport, name: str, verb: str) -> str:
    ended = runner.run(transport, _case(name))
    failed = [result for result in ended.results if result.failures]
    assert [result.verb for result in failed] == [verb]
    assert not ended.passed
    assert f"{name} {verb}" in "\n".join(report.failing(ended))
    return failed[0].failures[0].outcome


def _out(question: Question) -> Path:
    return Path(question.arguments[-1])


def _when(verb: str, act: Callable[[Question], None]) -> Bent:
    def change(question: Question, reply: Reply) -> Reply:
        if question.arguments[0] == verb:
            act(question)
        return reply

    return Bent(change)


def test_a_wrong_mode_is_seen() -> None:
    def act(question: Question) -> None:
        for path in _out(question).rglob("*"):
            if path.is_file():
                path.chmod(0o755 if not path.stat().st_mode & 0o100 else 0o644)

    assert _only_failure(_when("unpack", act), "valid-minimal", "unpack") == "wrong"


@pytest.mark.parametrize("extra", ["more", "empty/"])
def test_a_file_or_folder_too_many_is_seen(extra: str) -> None:
    def act(question: Question) -> None:
        path = _out(question) / extra
        path.mkdir() if extra.endswith("/") else path.write_bytes(b"")

    assert _only_failure(_when("unpack", act), "valid-minimal", "unpack") == "wrong"


def test_leftovers_of_a_refused_bundle_are_seen() -> None:
    assert (
        _only_failure(_when("unpack", lambda question: _out(question).mkdir()), "sizes-cut-body-last-byte", "unpack")
        == "wrong"
    )
    beside = _when("unpack", lambda question: _out(question).with_name("part").mkdir())
    assert _only_failure(beside, "sizes-cut-body-last-byte", "unpack") == "wrong"
    assert _only_failure(beside, "valid-minimal", "unpack") == "wrong"


def test_a_pointer_is_not_written() -> None:
    assert _only_failure(_when("unpack", lambda question: _out(question).mkdir()), "valid-pointer", "unpack") == "wrong"


def _stream_out(question: Question) -> Path:
    return Path(question.arguments[-1])


def test_released_bytes_are_a_prefix_of_the_eager_ones() -> None:
    refused = next(case for case in VECTORS.bundles if not case.accepted and case.released[0] > 1)

    def rewrite(change: Callable[[bytes], bytes]) -> Bent:
        return _when("stream", lambda question: _overwrite(_stream_out(question), change))

    # Fewer bytes are right, other or more bytes are not.
    assert runner.run(rewrite(lambda data: data[:-1]), _case(refused.name)).passed
    assert runner.run(rewrite(lambda data: b""), _case(refused.name)).passed
    for change in (lambda d: d + b"x", lambda d: bytes([d[0] ^ 1]) + d[1:], lambda d: bytes([d[0] ^ 1]) + d[1:-1]):
        assert _only_failure(rewrite(change), refused.name, "stream") == "wrong"
    # Of an accepted bundle everything is released.
    assert _only_failure(rewrite(lambda data: data[:-1]), "valid-multi-record", "stream") == "wrong"


def _overwrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_another_file_is_seen() -> None:
    act = _when("read", lambda question: _overwrite(_out(question), lambda data: data + b"x"))
    assert _only_failure(act, "valid-minimal", "read") == "wrong"


def test_every_field_of_an_answer_counts() -> None:
    for name, key, value in (
        ("valid-minimal", "release_id", "00" * 32),
        ("valid-minimal", "number", 41),
        ("valid-minimal", "files", None),
        ("valid-pointer", "sequence", 8),
        ("sizes-cut-body-last-byte", "code", "TRAILING_DATA"),
        ("sizes-cut-body-last-byte", "phase", "body"),
    ):

        def change(question: Question, reply: Reply, key: str = key, value: object = value) -> Reply:
            if question.arguments[0] != "unpack" or reply.answer is None:
                return reply
            return reply._replace(answer={**reply.answer, key: value})

        assert _only_failure(Bent(change), name, "unpack") == "wrong"


def test_not_supported_is_skipped_for_a_whole_verb_only() -> None:
    def without(verb: str, only: str = "") -> Bent:
        def change(question: Question, reply: Reply) -> Reply:
            hit = question.arguments[0] == verb and only in " ".join(question.arguments)
            return Reply(2, None) if hit else reply

        return Bent(change)

    cases = [*_case("valid-m*"), *_case("primitives/padme/length-1?"), *_case("primitives/ed25519/valid-*")]
    ended = runner.run(without("stream"), cases)
    assert ended.passed
    assert ended.skipped == ("stream",)
    assert "not supported: stream" in report.summary(ended)
    assert not runner.run(without("unpack", "valid-minimal"), cases).passed
    assert not runner.run(without("primitive", "padme"), cases).passed
    assert not runner.run(Bent(lambda question, reply: Reply(2, None)), cases).passed  # nothing was asked


# Processes


def _script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "client.py"
    path.write_text(text)
    return shlex.join([sys.executable, str(path)])


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", CRASH),
        ("raise ValueError('a decoder fell over')", CRASH),
        ("import sys\nsys.exit(3)", CRASH),
        ("print('ok')", CRASH),
        ("print('{\"ok\": false}')", CRASH),
        ('print(\'{"ok": true}\\n{"ok": true}\')', CRASH),
        ("print('[1]')", CRASH),
        ("print('[' * 100000)", CRASH),
        ("import time\ntime.sleep(60)", HANG),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])", HANG),
    ],
)
def test_crash_and_hang_are_outcomes_of_their_own(tmp_path: Path, text: str, trouble: str) -> None:
    started = time.monotonic()
    reply = transports.ProcessTransport(_script(tmp_path, text), 2.0).ask(Question(("audit",), b"x" * 1_000_000))
    assert reply.trouble == trouble
    assert reply.note
    assert time.monotonic() - started < 30


def test_a_client_that_cannot_be_started(tmp_path: Path) -> None:
    assert transports.ProcessTransport(str(tmp_path / "none")).ask(Question(("audit",))).trouble == CRASH
    with pytest.raises(ValueError, match="command"):
        transports.ProcessTransport("")


def test_a_crashing_client_fails_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = _script(tmp_path, "import sys\nprint('broken', file=sys.stderr)\nsys.exit(7)")
    arguments = ["conformance", "--vectors", str(ROOT), "--client", command, "--name", "valid-minimal"]
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert "CRASH: valid-minimal audit" in out
    assert "exit code 7" in out
    assert "broken" in out
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "bundlefmt-conformance/1"
    assert {failure["outcome"] for failure in found["failures"]} == {"crash"}


def test_replies() -> None:
    assert read_reply(0, b'{"ok": true}\n', b"").answer == {"ok": True}
    assert read_reply(1, b'{"ok": false, "code": "X"}', b"").exit == 1
    assert read_reply(2, b"usage", b"").trouble == ""
    assert read_reply(-11, b"", b"").trouble == CRASH
    assert read_reply(1, b'{"ok": true}', b"").trouble == CRASH  # exit code and answer must agree


# Expected failures


def _known(tmp_path: Path, text: str) -> expectations.Expectations:
    path = tmp_path / "known.txt"
    path.write_text(text)
    return expectations.read(path, VECTORS)


def _fails_read() -> Bent:
    return Bent(lambda question, reply: Reply(0, {"ok": True}) if question.arguments[0] == "read" else reply)


@pytest.mark.parametrize("line", ["valid-minimal read", "valid-minimal", "# why\n\nvalid-minimal read  # known"])
def test_expected_failures_pass(tmp_path: Path, line: str) -> None:
    bad = Bent(lambda question, reply: Reply(1, {"ok": False}) if question.arguments[0] == "read" else reply)
    ended = runner.run(bad, _case("valid-minimal"), _known(tmp_path, line))
    assert ended.passed
    assert "1 expected to fail" in report.summary(ended)
    assert "expected failure: valid-minimal read" in list(report.failing(ended))
    assert not runner.run(bad, _case("valid-minimal"), _known(tmp_path, "valid-minimal audit")).passed


def test_an_unexpected_pass_fails(tmp_path: Path) -> None:
    known = _known(tmp_path, "valid-minimal stream\nvalid-pointer")
    ended = runner.run(transports.DirectTransport(), _case("valid-minimal"), known)
    assert ended.unexpected_passes == ("valid-minimal stream",)  # the other was not asked
    assert not ended.passed
    assert "UNEXPECTED PASS: valid-minimal stream" in list(report.failing(ended))
    assert "1 passed unexpectedly" in report.summary(ended)


@pytest.mark.parametrize("line", ["valid-nothing", "valid-minimal fly", "valid-minimal read now"])
def test_a_line_that_names_nothing_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(vectors.VectorsError, match="line 1"):
        _known(tmp_path, line)


# Selection and folders


def test_selection() -> None:
    everything = runner.select(VECTORS)
    assert len(everything) == len(VECTORS.bundles) + len(VECTORS.primitives)
    assert {case.family for case in runner.select(VECTORS, family="cbor")} == {"cbor"}
    assert {case.family for case in runner.select(VECTORS, family="primitives/cbor")} == {"primitives/cbor"}
    sample = runner.select(VECTORS, sample=50)
    assert len(sample) == 50
    assert set(sample_names := [case.name for case in sample]) <= {
        case.name for case in runner.select(VECTORS, sample=60)
    }
    assert sample_names == [case.name for case in everything if case.name in sample_names]
    assert runner.select(VECTORS, name="valid-*", sample=10**6) == runner.select(VECTORS, name="valid-*")


def _copy(tmp_path: Path, *names: str) -> Path:
    root = tmp_path / "vectors"
    index = json.loads((ROOT / "index.json").read_text())
    index["cases"] = [case for case in index["cases"] if case["name"] in names]
    for folder in ("bundles", "trust", "keys", "primitives"):
        (root / folder).mkdir(parents=True)
    for case in index["cases"]:
        for key in ("bundle", "trust", "identity"):
            (root / case[key]).write_bytes((ROOT / case[key]).read_bytes())
    (root / "index.json").write_text(json.dumps(index))
    return root


def test_damaged_vectors_are_noticed(tmp_path: Path) -> None:
    root = _copy(tmp_path, "valid-minimal")
    found = vectors.load(root)
    assert runner.run(transports.DirectTransport(), runner.select(found)).passed
    bundle = root / "bundles" / "valid-minimal.bndl"
    bundle.write_bytes(bundle.read_bytes() + b"x")
    with pytest.raises(vectors.VectorsError, match="SHA-256"):
        runner.run(transports.DirectTransport(), runner.select(found))
    (root / "bundles" / "extra.bndl").write_bytes(b"")
    with pytest.raises(vectors.VectorsError, match="extra"):
        vectors.load(root)
    (root / "index.json").write_text('{"format": "other", "cases": []}')
    with pytest.raises(vectors.VectorsError, match="format"):
        vectors.load(root)


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--client", "true", "--vectors", str(tmp_path)]) == 2
    assert "no readable vectors" in capsys.readouterr().err
    assert main(["conformance", "--client", "true", "--vectors", str(ROOT), "--name", "no-such-*"]) == 2
    assert main(["conformance", "--client", " ", "--vectors", str(ROOT), "--name", "valid-minimal"]) == 2
    for wrong in (["--jobs", "0"], ["--timeout", "0"], ["--sample", "-1"]):
        assert main(["conformance", "--client", "true", *wrong]) == 2


def test_client_knows_its_questions() -> None:
    for arguments in ((), ("fly",), ("audit",), ("unpack", "release"), ("primitive",), ("primitive", "unknown")):
        assert client.run(arguments, io.BytesIO(b"{}")) == (2, "")
    assert main(["conformance-client", "fly"]) == 2
