"""Key files on the disk (specification section 11): bounded reading, and writing that never replaces."""

from __future__ import annotations

import contextlib
import os
import stat

from bundlefmt.errors import refuse
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.recipients import Identity, format_recipient
from bundlefmt.keys.signers import FileSigner

MAX_LEN = 4 << 20  # a trust file of the largest trust section, armored
_SECRET_MODE = 0o600
_PUBLIC_MODE = 0o644


def read_file(path: str, code: str = "KEY_FILE") -> bytes:
    """Read a small file; `-` is standard input.

    Args:
        path: of the file.
        code: KEY_FILE or TRUST_FILE.

    Raises:
        KeyFileError: with `code`, when it cannot be read or has more than 4 MiB.
    """
    try:
        with open(0 if path == "-" else path, "rb", closefd=path != "-") as file:
            data = file.read(MAX_LEN + 1)
    except OSError as exc:
        raise refuse(code, f"{path}: {exc.strerror}") from None
    if len(data) > MAX_LEN:
        raise refuse(code, f"{path}: more than {MAX_LEN} bytes are no key file")
    return data


def read_text(path: str, code: str = "KEY_FILE") -> str:
    """As `read_file`, for text."""
    try:
        return read_file(path, code).decode()
    except UnicodeDecodeError:
        raise refuse(code, f"{path}: is not a text file") from None


def is_exposed(path: str) -> bool:
    """Whether other users of this machine may read a file."""
    try:
        info = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(info.st_mode) and bool(info.st_mode & (stat.S_IRGRP | stat.S_IROTH))


def write_signer(path: str, signer: FileSigner | HybridSigner, passphrase: bytes | None = None) -> str:
    """Write a signing key and, beside it, its public half.

    Args:
        path: of the secret key.
        signer: what to write.
        passphrase: that protects it, or None.

    Returns:
        Path of the public half.

    Raises:
        WriteError: WRITE_FAILED; neither file was made.
    """
    pem = signer.private_pem()
    if passphrase is not None:
        from bundlefmt.crypto.pkcs8lock import lock_pem  # noqa: PLC0415 - slow to import

        pem = lock_pem(pem, passphrase)
    return _write_pair(path, pem, signer.public_pem())


def write_identity(path: str, identity: Identity, passphrase: bytes | None = None) -> str:
    """Write an identity and, beside it, its public half; see `write_signer`."""
    from bundlefmt.keys import protected  # noqa: PLC0415 - only keys are written by it

    note = f"Recipient {identity.recipient.key_id.hex()}\n"
    text = identity.armored() if passphrase is None else protected.lock(identity, passphrase)
    return _write_pair(path, (note + text).encode(), (note + format_recipient(identity.recipient)).encode())


def _write_pair(path: str, secret: bytes, public: bytes) -> str:
    public_path = f"{path}.pub"
    made: list[str] = []
    try:
        for name, data, mode in ((path, secret, _SECRET_MODE), (public_path, public, _PUBLIC_MODE)):
            write_new(name, data, mode, made)
    except BaseException:
        for name in made:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise
    return public_path


def write_new(path: str, data: bytes, mode: int = _PUBLIC_MODE, made: list[str] | None = None) -> None:
    """Write a file that must not exist; it is durable when this returns.

    Args:
        path: of the file; nothing is ever replaced, and no link is followed.
        data: its bytes.
        mode: its permissions from the first moment on.
        made: the path is added once the file exists, for the caller to clean up.

    Raises:
        WriteError: WRITE_FAILED.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    own: list[str] = [] if made is None else made
    try:
        handle = os.open(path, flags, mode)
        own.append(path)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except FileExistsError:
        raise refuse("WRITE_FAILED", f"{path} exists already; keys are never replaced") from None
    except OSError as exc:
        if made is None and own:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise refuse("WRITE_FAILED", f"{path}: {exc.strerror}") from None
