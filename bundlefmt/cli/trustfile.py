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
    from bundlefmt.bundle.workplace import alone
    from bundlefmt.cli.output import replace_file
    from bundlefmt.trust.chain import format_trust_file
    from bundlefmt.trust.rotation import extends

    # Somebody else may have made an epoch meanwhile: two of one number would be a fork on the devices. So the
    # file is read again, and nobody may replace it between that and our replacing it.
    try:
        with alone(os.path.dirname(os.path.abspath(path))):
            if not extends(chain, arguments.load_trust(path)):
                raise refuse("WRITE_FAILED", f"{path} holds documents that the new chain does not go on from")
            replace_file(path, format_trust_file(chain).encode())
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{path}: {exc.strerror}") from exc


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
