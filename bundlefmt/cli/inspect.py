"""`bundlefmt inspect`: what a file says of itself, and what of it is verified."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bundlefmt.bundle.inspect import Inspection, RecipientFact, UnverifiedTrust, inspect_bundle
from bundlefmt.cli import arguments, ui
from bundlefmt.cli.passphrase import CommandSecrets

if TYPE_CHECKING:
    from bundlefmt.bundle.steps import Steps
    from bundlefmt.keys.recipients import Identity, Recipient
    from bundlefmt.model.header import Header

_SHOWN = 16  # rows of a table of which a file may have a thousand; --json has them all


def add_inspect(parser: argparse.ArgumentParser) -> None:
    """Arguments of `inspect`."""
    parser.description = """\
Show sections, sizes, signer key ids and recipient entries of a file. Nothing is verified without
--trust, and nothing is decrypted without -i; the output says so. Even with both, the body is not
read: use verify to judge a file."""
    parser.epilog = """\
examples:
  bundlefmt inspect app.bndl
  bundlefmt inspect app.bndl --trust acme.trust -i device.key"""
    arguments.add_file(parser, "any file")
    arguments.add_trust(parser, required=False)
    arguments.add_identities(
        parser, text="key, secret or public half, to find entries of, and with --trust to decrypt with"
    )
    parser.add_argument(
        "--kind", choices=tuple(arguments.KINDS), help="judge it as this (default: what its header claims)"
    )
    arguments.add_expectations(parser)
    parser.add_argument("--channel", metavar="NAME", help="refuse a pointer of another channel")
    arguments.add_base(parser)
    arguments.add_json(parser)


def run_inspect(args: argparse.Namespace) -> int:
    """Inspect. A file that is no bundle at all gives exit code 1."""
    arguments.check_stdin(args.file, args.trust, *args.identity)
    identities, recipients, names = _keys(args.identity, CommandSecrets.of(args))
    chain = arguments.load_trust(args.trust) if args.trust else None
    if chain is None and (wrong := [name for name in ("product", "min_number", "host", "platform", "channel", "base")
                                    if getattr(args, name) is not None]):  # fmt: skip
        raise arguments.UsageError(f"--{wrong[0].replace('_', '-')} needs --trust")
    facts = inspect_bundle(
        arguments.open_input(args.file),
        trust=arguments.policy(args, chain) if chain else None,
        identities=identities,
        recipients=recipients,
        needed=arguments.open_base(args.base, chain, identities) if chain else None,
        kind=arguments.KINDS.get(args.kind),
    )
    if chain is not None and facts.steps is not None:
        arguments.keep_trust(args, facts.steps.chain, chain)
    if args.json:
        from bundlefmt.cli.inspect_json import inspection_json

        ui.put_json("inspect", inspection_json(facts, names))
    if not facts.is_bundle:
        fault = facts.faults[0]
        ui.end_progress()
        ui.complain(f"bundlefmt: refused: {fault.code} ({' '.join(fault.rules)}): {fault.detail}; this is not a bundle")
        return 1
    if not args.json:
        _Text(args, facts, names).show()
    return 0


def _keys(paths: list[str], secrets: CommandSecrets) -> tuple[list[Identity], list[Recipient], dict[bytes, str]]:
    """Keys, and the file each key id came from."""
    identities: list[Identity] = []
    recipients: list[Recipient] = []
    names: dict[bytes, str] = {}
    for path in paths:
        from bundlefmt.keys.sources import open_keys

        secret, public = open_keys(path, secrets)
        if secret:
            arguments.warn_exposed(path)
        identities += secret
        recipients += public
        names.update({key.key_id: path for key in (*public, *(identity.recipient for identity in secret))})
    return identities, recipients, names


class _Text:
    """An inspection as text."""

    def __init__(self, args: argparse.Namespace, facts: Inspection, names: dict[bytes, str]) -> None:
        self._args = args
        self._facts = facts
        self._names = names
        self._mark = " (UNVERIFIED)" if facts.steps is None or facts.steps.front is None else ""

    def show(self) -> None:
        """Print everything."""
        facts = self._facts
        size = "a stream" if facts.size is None else ui.size(facts.size)
        ui.put(f"{self._args.file}: {size}")
        if facts.steps is None:
            ui.put("UNVERIFIED: this is what the file says of itself; --trust FILE tells what of it is true")
        self._sections()
        if facts.unverified_header is not None:
            self._header(facts.unverified_header)
        self._signers()
        self._trust()
        self._recipients()
        if facts.faults:
            ui.put("faults")
            for fault in facts.faults[:_SHOWN]:
                ui.put(f"  {fault.part}: {fault.code} ({' '.join(fault.rules)}): {fault.detail}")
            self._more(len(facts.faults))
        if facts.steps is not None:
            self._steps(facts.steps)

    def _more(self, count: int) -> None:
        if count > _SHOWN:
            ui.put(f"  and {count - _SHOWN} more; --json has all")

    def _sections(self) -> None:
        table: list[tuple[str, ...]] = [("section", "offset", "length", "")]
        for row in self._facts.sections:
            cut = "" if row.present in (None, row.length) else f"only {row.present} present"
            table.append((row.name, str(row.offset), str(row.length), cut))
        ui.rows(table, "")

    def _header(self, header: Header) -> None:
        from bundlefmt.model.header import KIND_NAMES

        ui.put(f"header{self._mark}")
        pairs = [
            ("kind", KIND_NAMES[header.kind]),
            ("publisher", header.publisher_id.hex()),
            ("bundle id", header.bundle_id.hex()),
            ("epoch", str(header.trust_epoch)),
            ("manifest", header.manifest_digest.hex()),
            ("body root", header.body_root.hex()),
        ]
        if header.extensions:
            pairs.append(("ignored", "extensions " + ", ".join(str(number) for number, _ in header.extensions)))
        ui.put_pairs(pairs)

    def _signers(self) -> None:
        steps = self._facts.steps
        signers = self._facts.unverified_signers
        ui.put(f"signatures{self._mark}")
        if steps is None:
            for signer in signers:
                ui.put(f"  {signer.alg_name} {signer.kid.hex()}")
            return
        from bundlefmt.cli.decision import verdicts
        from bundlefmt.trust.explain import COUNTED

        for signer, row in zip(signers, verdicts(signers, steps.chain, steps.kind), strict=True):
            words = "a key of this role, not verified" if row.reason == COUNTED and steps.front is None else row.words
            ui.put(f"  {signer.alg_name} {signer.kid.hex()}  {words}")
        document = steps.chain.newest
        role = document.release if steps.kind == arguments.KINDS["release"] else document.pointer
        ui.put(f"  decided by epoch {document.epoch}, which asks for {role.threshold} of {len(role.keys)} keys")

    def _trust(self) -> None:
        frames = self._facts.unverified_trust
        ui.put(f"trust documents{self._mark}")
        if not frames:
            ui.put("  none")
        for frame in frames[:_SHOWN]:
            ui.put(f"  {_document(frame)}")
        self._more(len(frames))

    def _recipients(self) -> None:
        entries = self._facts.recipients
        ui.put("recipients (never signed: anyone may add entries)")
        for number, entry in enumerate(entries[:_SHOWN], 1):
            ui.put(f"  {number}  {entry.type_name}  {self._entry(entry)}")
        self._more(len(entries))
        found = sorted({self._names.get(key, key.hex()) for entry in entries[_SHOWN:] for key in entry.hint_of})
        if found:
            ui.put(f"  among them: {', '.join(found)}")
        missing = [key for key in self._names if not any(key in entry.hint_of for entry in entries)]
        for key in missing:
            if not any(entry.opened for entry in entries):
                ui.put(f"  no entry carries the hint of key {key.hex()} ({self._names[key]})")

    def _entry(self, entry: RecipientFact) -> str:
        if entry.type not in (1, 2):
            return f"{entry.length} bytes, ignored: unknown type"
        text = f"hint {entry.hint.hex()}" if entry.hint else "anonymous"
        if entry.opened:
            text += "  opens with a key given"
        for key in entry.hint_of:
            text += f"  for key {key.hex()} ({self._names.get(key, 'given')})"
        return text

    def _steps(self, steps: Steps) -> None:
        kind = next(name for name, number in arguments.KINDS.items() if number == steps.kind)
        ui.put(f"judged with {self._args.trust} as {kind}")
        for step in steps.steps:
            note = f": {step.note}" if step.note else ""
            if step.error is not None:
                note = f": {step.error.code} ({' '.join(step.error.rules)}): {step.error.detail}"
            ui.put(f"  {step.id:<8}{step.name:<17}{step.outcome}{note}")
        if steps.record is not None:
            self._release(steps)
        elif steps.pointer is not None:
            from bundlefmt.cli import facts

            ui.put("pointer")
            ui.put_pairs(facts.pointer_pairs(steps.pointer))

    def _release(self, steps: Steps) -> None:
        from bundlefmt.cli import facts

        ui.put("release")
        pairs = facts.record_pairs(steps.record, steps.release_id) if steps.record is not None else []
        ui.put_pairs(pairs + (facts.tree_pairs(steps.release) if steps.release is not None else []))


def _document(frame: UnverifiedTrust) -> str:
    document = frame.document
    signed = f"signed by {len(frame.signers)} keys" if len(frame.signers) != 1 else "signed by 1 key"
    if document is None:
        return f"{frame.length} bytes that are no trust document, {signed}"
    roles = (("root", document.root), ("release", document.release), ("pointer", document.pointer))
    parts = ", ".join(f"{name} {role.threshold} of {len(role.keys)}" for name, role in roles)
    expires = f", expires {ui.when(document.expires)}" if document.expires else ""
    return f"epoch {document.epoch}, issued {ui.when(document.issued)}{expires}, {parts}, {signed}"
