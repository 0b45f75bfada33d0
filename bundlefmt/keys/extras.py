"""Libraries that only some keys need: imported when such a key is opened, or named when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from bundlefmt.errors import refuse


def load_extra(module: str, extra: str, what: str) -> ModuleType:
    """Import a module of an optional dependency.

    Args:
        module: its name.
        extra: the extra of this package that installs it.
        what: that needs it, for people.

    Raises:
        KeySourceError: KEY_SOURCE, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise refuse("KEY_SOURCE", f"{what} needs an extra; run: pip install 'bundlefmt[{extra}]'") from None
