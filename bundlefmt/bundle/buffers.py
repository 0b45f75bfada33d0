"""Buffers used again: touching fresh pages costs more than decrypting into them."""

from __future__ import annotations

_KEEP = 8
_WORTH = 64 << 10


class Buffers:
    """A small store of buffers that several threads share."""

    __slots__ = ("_free",)

    def __init__(self) -> None:
        self._free: list[bytearray] = []

    def take(self, length: int) -> memoryview:
        """A buffer of a length, with whatever it held before."""
        if length >= _WORTH:
            for number, fits in enumerate(self._free):
                if length <= len(fits) <= 2 * length:
                    try:
                        holder = self._free.pop(number)
                    except IndexError:  # another thread took it
                        break
                    if length <= len(holder):  # or moved another to this place
                        return memoryview(holder)[:length]
                    break
        return memoryview(bytearray(length))

    def give(self, view: memoryview) -> None:
        """Give a buffer back; nobody may use it afterwards."""
        holder = view.obj
        if isinstance(holder, bytearray) and len(holder) >= _WORTH and len(self._free) < _KEEP:
            self._free.append(holder)
