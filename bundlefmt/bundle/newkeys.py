"""Identities that travel inside a release, and the keyring file that takes them (section 8, field 8).

A keyring is a file of identities (section 11). It only ever grows here: older identities keep opening older
bundles. Secrets stay out of every message.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from bundlefmt.bundle.unpack import sync_folder
from bundlefmt.bundle.workplace import alone, make_file, private_path
from bundlefmt.errors import KeyFileError, refuse
from bundlefmt.keys.files import read_text
from bundlefmt.keys.forms import clean, scan_identities
from bundlefmt.keys.recipients import TYPE_NAMES, Identity
from bundlefmt.model.release import NewIdentity, ReleaseRecord

_MODE = 0o600


def new_identities(record: ReleaseRecord) -> tuple[Identity, ...]:
    """The identities that a verified release brings; those of unknown types are left out (REL-1).

    Take them only from a release whose every byte was verified.
    """
    return tuple(Identity(item.type, item.secret) for item in record.identities if item.type in TYPE_NAMES)


def travelling(identities: Sequence[Identity]) -> tuple[NewIdentity, ...]:
    """Identities in the form and order in which a release record holds them."""
    found = {NewIdentity(*identity.exported()) for identity in identities}
    return tuple(sorted(found))


def accept_identities(path: str | os.PathLike[str], identities: Sequence[Identity]) -> tuple[Identity, ...]:
    """Add identities to a keyring file that does not have them yet; the file is made when there is none.

    The file is replaced at once and durably, and only its owner can read it. What it held stays, comments
    included; what is added has no passphrase. Two programs that add at the same time wait for each other.

    Args:
        path: of the keyring file.
        identities: to add.

    Returns:
        Those that were not there before.

    Raises:
        KeyFileError: KEY_FILE, when the file is there and is no file of identities.
        WriteError: WRITE_FAILED; the file is as it was.
    """
    target = os.path.realpath(path)
    try:
        with alone(os.path.dirname(target)):
            text = read_text(target) if os.path.lexists(target) else ""
            try:
                held = _key_ids(text) if text.strip() else set()
            except KeyFileError as exc:
                raise KeyFileError(exc.code, f"{os.fspath(path)}: {exc.detail}") from None
            added = {each.recipient: each for each in identities if each.recipient.key_id not in held}
            if added:
                if text and not text.endswith("\n"):
                    text += "\n"
                text += "".join(
                    f"Recipient {identity.recipient.key_id.hex()}\n{identity.armored()}" for identity in added.values()
                )
                _replace(target, text.encode())
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{os.fspath(path)}: {exc.strerror or exc}") from exc
    return tuple(added.values())


def _key_ids(text: str) -> set[bytes]:
    """What a keyring holds, whatever the form of its keys; encrypted ones tell their key id."""
    found = scan_identities(clean(text.encode()))
    return {each.recipient.key_id if isinstance(each, Identity) else each.key_id for each in found}


def _replace(path: str, data: bytes) -> None:
    work = private_path(path)
    try:
        handle = make_file(work, _MODE)
        with os.fdopen(handle, "wb") as file:
            if os.path.exists(path):
                old = os.stat(path)
                with contextlib.suppress(PermissionError):  # only a superuser gives files away
                    os.fchown(handle, old.st_uid, old.st_gid)
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.replace(work, path)
        sync_folder(os.path.dirname(path))
    finally:
        with contextlib.suppress(OSError):
            os.unlink(work)
