"""Strategies for trees of files."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from bundlefmt.bundle.inputs import Input, check_inputs
from bundlefmt.errors import BundleError
from support.pathrules import path_ok, tree_ok
from support.reading import Files

# Letters of several scripts, folding oddities included, and what shells and listings dislike.
LETTERS = (
    "abcXYZ019 ._-+@#%&'()[]{}~$!,;=\u00e9\u00df\u0130\u0131\u017f\u03a3\u03c2\u0416\u4e2d\u3042\U0001f600\u1e9e\u00b9"
)
names = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12).map(lambda name: unicodedata.normalize("NFC", name))
paths = (
    st.lists(names, min_size=1, max_size=6).map("/".join)
    | names
    | st.lists(names, min_size=20, max_size=30).map("/".join)
)

CHUNK = 16384
sizes = (
    st.integers(0, 40)
    | st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK])
    | st.integers(0, 5000)
)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Bytes that compress well, badly or not at all."""
    size = draw(sizes)
    if not size:
        return b""
    pattern = draw(st.binary(min_size=1, max_size=32))
    if draw(st.booleans()):
        return (pattern * (size // len(pattern) + 1))[:size]
    state = draw(st.randoms(use_true_random=False))
    return bytes(state.randbytes(size))


def writable(paths: list[str]) -> bool:
    """Whether a writer takes these paths together."""
    try:
        check_inputs([Input(path, False, 0, b"") for path in paths])
    except BundleError:
        return False
    return True


@st.composite
def trees(draw: st.DrawFn, max_files: int = 8) -> Files:
    """Trees a writer accepts; several files often share one content."""
    pool = draw(st.lists(contents(), min_size=1, max_size=5))
    files: Files = {}
    for path in draw(st.lists(paths, max_size=max_files, unique=True)):
        if writable([*files, path]):
            files[path] = (draw(st.sampled_from(pool)), draw(st.booleans()))
    encoded = [path.encode() for path in files]
    assert all(map(path_ok, encoded))
    assert tree_ok(encoded)
    return files
