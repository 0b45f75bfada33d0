"""Two people change one publisher at once: one of them is told, and there are never two documents of one epoch."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.publisher import Publisher

from bundlefmt.bundle.workplace import alone
from bundlefmt.cli.trustfile import replace_trust
from bundlefmt.errors import WriteError
from bundlefmt.trust.chain import TrustChain, format_trust_file


def _epoch_two(expires: int) -> tuple[TrustChain, TrustChain]:
    """A publisher's first chain, and a second epoch of its own for each expiry."""
    publisher = Publisher("race")
    return publisher.chain, publisher.rotate(expires=expires)


def test_two_rotations_at_once_make_one_epoch(tmp_path: Path) -> None:
    path = tmp_path / "acme.trust"
    first, mine = _epoch_two(10**10)
    _, theirs = _epoch_two(10**10 + 1)
    assert mine.frames() != theirs.frames()
    path.write_text(format_trust_file(first))
    failed: list[WriteError] = []

    def replace() -> None:
        try:
            replace_trust(str(path), mine)
        except WriteError as exc:
            failed.append(exc)

    with alone(str(tmp_path)):  # the other process is between its check and its replacing
        thread = threading.Thread(target=replace)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        path.write_text(format_trust_file(theirs))
    thread.join(10)
    assert [exc.code for exc in failed] == ["WRITE_FAILED"]
    assert path.read_text() == format_trust_file(theirs)


def test_the_next_epoch_goes_on_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "acme.trust"
    first, mine = _epoch_two(10**10)
    path.write_text(format_trust_file(first))
    replace_trust(str(path), mine)
    assert path.read_text() == format_trust_file(mine)
    with pytest.raises(WriteError, match="WRITE_FAILED"):
        replace_trust(str(path), first)
    assert path.read_text() == format_trust_file(mine)
