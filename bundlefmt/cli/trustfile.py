"""The publisher's own trust file: replaced at once, and only by a chain that goes on from what stands there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.trust.chain import TrustChain


def replace_trust(path: str, chain: TrustChain) -> None:
    """Replace a trust file.

    Args:
        path: of the file.
        chain: a chain that begins with every document in it.

    Raises:
        WriteError: WRITE_FAILED; the file is as it was.
    """
    from bundlefmt.cli.output import replace_file
    from bundlefmt.trust.chain import format_trust_file
    from bundlefmt.trust.rotation import extends

    # Read again, as somebody else may have made an epoch meanwhile.
    if not extends(chain, arguments.load_trust(path)):
        raise refuse("WRITE_FAILED", f"{path} holds documents that the new chain does not go on from")
    replace_file(path, format_trust_file(chain).encode())


def start_trust(path: str, chain: TrustChain) -> None:
    """Write the first trust file of a publisher.

    Raises:
        WriteError: WRITE_FAILED, when there is a file already.
    """
    from bundlefmt.keys.files import write_new
    from bundlefmt.trust.chain import format_trust_file

    write_new(path, format_trust_file(chain).encode())


def write_request(path: str, data: bytes) -> None:
    """Write a signing request or a signature file, which holds no secret.

    Raises:
        WriteError: WRITE_FAILED.
    """
    from bundlefmt.keys.files import write_new

    if os.path.lexists(path):
        raise refuse("WRITE_FAILED", f"{path} exists already")
    write_new(path, data)
