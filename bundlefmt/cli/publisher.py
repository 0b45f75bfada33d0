"""`bundlefmt publisher`: who may sign, from the first document to the newest."""

from __future__ import annotations

import argparse
import importlib

from bundlefmt.cli import arguments, facts, trustwords, ui

_ACTIONS = {  # name: module, one line of help
    "init": ("bundlefmt.cli.publisher_init", "make the first trust document"),
    "show": ("bundlefmt.cli.publisher", "print what a trust file says"),
    "rotate": ("bundlefmt.cli.publisher_change", "replace keys, or make the next epoch as it is"),
    "add-signer": ("bundlefmt.cli.publisher_change", "give a role to more keys"),
    "remove-signer": ("bundlefmt.cli.publisher_change", "revoke keys"),
    "set-threshold": ("bundlefmt.cli.publisher_change", "change how many keys must sign"),
    "resign": ("bundlefmt.cli.publisher_resign", "sign bundles anew that a revocation voided"),
    "export": ("bundlefmt.cli.publisher", "write the trust file in the form a program embeds"),
}


def add_publisher(parser: argparse.ArgumentParser) -> None:
    """Arguments of `publisher`."""
    parser.description = """\
A publisher is a chain of trust documents that say which keys may sign. `init` makes the first one;
every change makes the next epoch, signed by the root keys before it and by its own. Bundles carry
the whole chain, so a device that slept through many epochs follows it offline. Removing a key
revokes it for every reader that has the new document."""
    parser.epilog = """\
examples:
  bundlefmt publisher init -o acme.trust
  bundlefmt publisher rotate acme.trust --replace ci.pem new.pem.pub --root root.pem --bundles dist
  bundlefmt publisher remove-signer acme.trust 5c0f6a12 --root root.pem --min-epoch 3
  bundlefmt publisher show acme.trust

bundlefmt publisher ACTION --help explains an action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (_, text) in _ACTIONS.items():
        child = actions.add_parser(name, help=text, formatter_class=parser.formatter_class, allow_abbrev=False)
        _function("add", name)(child)


def run_publisher(args: argparse.Namespace) -> int:
    """One action."""
    code: int = _function("run", args.action)(args)
    return code


def _function(prefix: str, action: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - two shapes
    module = importlib.import_module(_ACTIONS[action][0])
    return getattr(module, f"{prefix}_{action.replace('-', '_')}")


def add_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `show`."""
    parser.description = """\
Print every document of a trust file, which is verified first. Warns from 60 days before the newest
one expires."""
    parser.epilog = "example:\n  bundlefmt publisher show acme.trust"
    parser.add_argument("trust", metavar="TRUST", help="the trust file")
    arguments.add_json(parser)


def run_show(args: argparse.Namespace) -> int:
    """Show."""
    chain = arguments.load_trust(args.trust)
    documents = [link.document for link in chain.links]
    warning = trustwords.expiry_warning(chain.newest)
    warnings = [*([warning] if warning else []), *trustwords.spare_warnings(chain.newest)]
    if args.json:
        body = {
            "publisher": chain.publisher_id.hex(),
            "documents": [facts.document_json(item) for item in documents],
            "warnings": [text.removeprefix("warning: ") for text in warnings],
        }
        ui.put_json("publisher", body)
        return 0
    ui.put(f"publisher {chain.publisher_id.hex()}")
    for document in documents:
        ui.put(f"epoch {document.epoch}")
        ui.put_pairs(trustwords.document_pairs(document))
    for text in warnings:
        ui.talk(text)
    return 0


def add_export(parser: argparse.ArgumentParser) -> None:
    """Arguments of `export`."""
    parser.description = """\
Write what a program needs to know of the publisher: the whole chain as text (the trust file
itself), as the bytes of a trust section for a program that embeds it, or only the publisher id."""
    parser.epilog = """\
examples:
  bundlefmt publisher export acme.trust -o embedded.trust
  bundlefmt publisher export acme.trust --form binary -o trust.bin
  bundlefmt publisher export acme.trust --form id"""
    parser.add_argument("trust", metavar="TRUST", help="the trust file")
    parser.add_argument(
        "--form", choices=("text", "binary", "id"), default="text", help="what to write (default: text)"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="a new file (default: standard output)")


def run_export(args: argparse.Namespace) -> int:
    """Export, after the chain is verified."""
    from bundlefmt.cli.output import output_file, refuse_terminal
    from bundlefmt.trust.chain import format_trust_file
    from bundlefmt.wire.sections import build_trust

    chain = arguments.load_trust(args.trust)
    if args.form == "binary":
        if args.output in (None, "-"):
            refuse_terminal("a trust section")
        data = build_trust(chain.frames())
    elif args.form == "id":
        data = f"{chain.publisher_id.hex()}\n".encode()
    else:
        data = format_trust_file(chain).encode()
    with output_file(args.output) as out:
        out.write(data)
    return 0
