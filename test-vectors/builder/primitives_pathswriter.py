"""Vectors for the Unicode rules that bind writers only, W-5."""

from __future__ import annotations

from collections.abc import Iterator

from .primitives_form import Case, Family, accept, refuse, require
from .primitives_pathrules import broken_by_unicode, broken_rules, broken_set_rules

COMMENT = """
Paths that a writer must not pack (W-5), and some that it may. Input: paths, the UTF-8 of each in
hexadecimal, good under PTH-1 to PTH-8. Names of folders count for uniqueness as in PTH-7. All
code points have been the same since Unicode 13, assigned or not, so that the verdict does not
depend on the version at hand.
"""


def _case(name: str, comment: str, paths: list[str], broken: str) -> Case:
    raw = sorted(path.encode() for path in paths)
    require(
        not any(broken_rules(p) for p in raw) and not broken_set_rules(raw),
        f"{name}: bad for readers",
    )
    found = broken_by_unicode(paths)
    require(found == set(broken.split()), f"{name}: breaks {found}")
    inputs = {"paths": [path.hex() for path in raw]}
    if broken:
        return refuse(name, comment, "W-5", inputs, "INPUT_TREE")
    return accept(name, comment, "W-5", inputs, {})


def _form() -> Iterator[Case]:
    for name, comment, path in (
        ("decomposed", "a, then U+0308", "a\u0308"),
        ("decomposed-folder", "in a folder's name", "o\u0308/x"),
        ("marks-out-of-order", "two marks in the wrong order", "q\u0307\u0323"),
        ("kelvin", "the Kelvin sign normalises to K", "\u212a"),
        ("angstrom", "the Angstrom sign normalises to a letter", "\u212b"),
        ("ohm", "the Ohm sign", "\u2126"),
        ("compatibility-ideograph", "U+F900 normalises to another ideograph", "\uf900"),
        ("hangul-jamo", "two jamo that compose", "\u1100\u1161"),
        ("composition-exclusion", "U+0958 is written decomposed in NFC", "\u0958"),
        ("greek-oxia", "U+1F71 normalises to U+03AC", "\u1f71"),
        ("dotted-mark", "U+0344 normalises to two marks", "x\u0344"),
    ):
        yield _case(f"form-{name}", comment, [path], "form")
    for name, comment, path in (
        ("composed", "a letter with its mark", "ä"),
        ("ascii", "ASCII", "README.txt"),
        ("hangul", "a composed syllable", "\uac00"),
        ("no-composition", "a mark that composes with nothing", "q\u0323\u0307"),
        ("ligature", "U+FB01 stays as it is in NFC", "\ufb01"),
        ("fullwidth", "fullwidth letters stay in NFC", "\uff21"),
        ("emoji", "a sequence with a joiner", "\U0001f469\u200d\U0001f680"),
        ("private-use", "private use is assigned", "\ue000"),
        ("zero-width-space", "U+200B is no bidirectional control", "a\u200bb"),
        ("line-separator", "U+2028 is assigned and no control by bytes", "a\u2028b"),
        ("excluded-written-out", "the decomposed form of U+0958", "\u0915\u093c"),
    ):
        yield _case(f"fine-{name}", comment, [path], "")


def _fold() -> Iterator[Case]:
    for name, comment, paths in (
        ("sharp-s", "sharp s folds to ss", ["straße", "strasse"]),
        ("capital-sharp-s", "capital sharp s and sharp s", ["\u1e9e", "ß"]),
        ("sharp-s-upper", "SS folds to ss", ["SS", "ß"]),
        ("umlaut", "Ä and ä", ["Ä", "ä"]),
        ("final-sigma", "sigma and final sigma", ["\u03c3", "ς"]),
        ("capital-sigma", "capital and final sigma", ["Σ", "ς"]),
        ("long-s", "long s folds to s", ["s", "\u017f"]),
        ("ligature-fi", "a ligature folds to two letters", ["fi", "\ufb01"]),
        ("ligature-ffi", "a ligature of three letters", ["ffi", "\ufb03"]),
        ("dotted-capital-i", "U+0130 folds to i and a dot above", ["i\u0307", "İ"]),
        ("apostrophe-n", "U+0149 folds to two characters", ["\u0149", "\u02bcn"]),
        ("j-caron", "U+01F0 folds to two characters", ["\u01f0", "J\u030c"]),
        ("dz-title", "title case DŽ and small dž", ["\u01c5", "\u01c6"]),
        ("cyrillic", "Cyrillic capital and small", ["Д", "д"]),
        ("armenian", "the ligature ech yiwn", ["\u0587", "\u0565\u0582"]),
        ("cherokee", "Cherokee small folds to capital", ["\u13a0", "\uab70"]),
        ("deseret", "beyond 16 bits", ["\U00010400", "\U00010428"]),
        ("fullwidth", "fullwidth A and a", ["\uff21", "\uff41"]),
        ("roman", "a Roman numeral", ["\u2160", "\u2170"]),
        ("micro", "micro sign and small mu", ["\u00b5", "\u03bc"]),
        (
            "iota-subscript",
            "alpha with iota subscript folds to two letters",
            ["\u1fb3", "\u03b1\u03b9"],
        ),
        ("folder", "two spellings of one folder", ["ß/a", "ss/b"]),
        ("folder-umlaut", "two spellings of one inner folder", ["x/Ä/a", "x/ä/b"]),
        ("file-and-folder", "a file that is another's folder after folding", ["ß", "ss/a"]),
        ("inside", "in the last component", ["d/Öl", "d/öl"]),
    ):
        yield _case(f"fold-{name}", comment, paths, "fold")
    for name, comment, paths in (
        ("dotless-i", "dotless i is a letter of its own", ["i", "\u0131"]),
        ("sharp-s-alone", "one spelling only", ["straße"]),
        ("same-folder", "one folder, twice with the same bytes", ["ß/a", "ß/b"]),
        ("other-folders", "equal names after folding, in different folders", ["a/ß", "b/ss"]),
        ("cyrillic-alike", "letters that look alike do not fold", ["a", "\u0430"]),
        ("umlaut-and-letter", "a letter with and without mark", ["a", "ä"]),
        ("kana", "hiragana and katakana", ["\u3042", "\u30a2"]),
        ("superscript", "superscript two is no 2", ["2", "²"]),
        ("fullwidth-and-ascii", "fullwidth A and A", ["A", "\uff21"]),
        ("ae", "ae and its ligature letter", ["ae", "æ"]),
        ("ohm-letter", "omega and o", ["o", "ω"]),
    ):
        yield _case(f"fold-fine-{name}", comment, paths, "")


def _unassigned() -> Iterator[Case]:
    for code in (0x0378, 0x0530, 0xFFFE, 0xFFFF, 0xFDD0, 0x1FFFE, 0x50000, 0xE0FFF, 0x10FFFF):
        yield _case(
            f"unassigned-{code:04x}",
            f"U+{code:04X} is not assigned",
            [f"a{chr(code)}"],
            "unassigned",
        )
    for code in (
        0x061C,
        0x200E,
        0x200F,
        0x202A,
        0x202B,
        0x202C,
        0x202D,
        0x202E,
        0x2066,
        0x2067,
        0x2068,
        0x2069,
    ):
        yield _case(
            f"bidi-{code:04x}",
            f"U+{code:04X} turns what follows around",
            [f"a{chr(code)}fdp.exe"],
            "bidi",
        )
    yield _case("bidi-in-folder", "in a folder's name", ["a\u202eb/c"], "bidi")
    for code in (0x061B, 0x200B, 0x200D, 0x2010, 0x2029, 0x202F, 0x2065 - 1, 0x206A):
        yield _case(f"bidi-miss-{code:04x}", f"U+{code:04X} is near and none", [f"a{chr(code)}b"], "")
    yield _case("hebrew", "letters that run from right to left are no controls", ["\u05d0\u05d1"], "")


def build() -> Family:
    """The family paths-writer."""
    return Family("paths-writer", COMMENT, [*_form(), *_fold(), *_unassigned()])
