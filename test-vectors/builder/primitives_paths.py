"""Vectors for the path rules of readers, PTH-1 to PTH-8."""

from __future__ import annotations

from collections.abc import Iterator

from .primitives_form import Case, Family, accept, refuse, require
from .primitives_pathrules import broken_rules, broken_set_rules, folders

COMMENT = """
Paths as readers judge them, by bytes. of = 'path': one path, its UTF-8 in hexadecimal, against
PTH-1 to PTH-6; an accepted one yields its components. of = 'set': the paths of a listing, in the
order of their bytes and each good alone, against PTH-7 and PTH-8; an accepted set yields its
folders.
"""


def good(name: str, comment: str, path: str | bytes, rules: str = "PTH-1") -> Case:
    """A path that is accepted; the rules are those it comes near to."""
    raw = path.encode() if isinstance(path, str) else path
    require(not broken_rules(raw), f"{name}: breaks {broken_rules(raw)}")
    components = [component.hex() for component in raw.split(b"/")]
    return accept(name, comment, rules, {"of": "path", "path": raw.hex()}, {"components": components})


def bad(name: str, comment: str, path: str | bytes, rules: str) -> Case:
    """A path that is refused, by exactly the rules named."""
    raw = path.encode() if isinstance(path, str) else path
    require(broken_rules(raw) == set(rules.split()), f"{name}: breaks {broken_rules(raw)}")
    return refuse(name, comment, rules, {"of": "path", "path": raw.hex()}, "PATH_INVALID")


def _shape() -> Iterator[Case]:
    for name, comment, path in (
        ("one-byte", "the shortest path", "a"),
        ("nested", "folders", "a/b/c"),
        ("spaces-inside", "spaces inside", "read me.txt"),
        ("space-first", "a space at the beginning", " a"),
        ("tilde", "no home folder here", "~/a"),
        ("dash-first", "like an option", "-rf"),
        ("percent", "not decoded", "a%2fb"),
        ("quotes", "quotes, asterisk, question mark and bars are bytes", "a\"b'*?<>|"),
        ("unicode", "text beyond ASCII", "größe/日本語/😀"),
        ("not-normalised", "readers do not normalise", "a\u0308"),
        ("replacement", "U+FFFD is a character", "\ufffd"),
        ("component-255", "the longest component", "a" * 255),
        ("component-255-utf8", "255 bytes in 85 characters", "日" * 85),
        ("two-components-255", "twice the longest", "a" * 255 + "/" + "b" * 255),
        ("path-1024", "the longest path", "/".join(["a" * 255] * 4)[:1024]),
        ("path-1024-short", "512 components of one byte, the last of two", "a/" * 511 + "bb"),
        ("many-folders", "300 components", "/".join("x" * 300)),
    ):
        yield good(f"shape-{name}", comment, path)
    for name, comment, path in (
        ("empty", "no byte at all", ""),
        ("slash", "only a separator", "/"),
        ("absolute", "an absolute path", "/etc/passwd"),
        ("slash-last", "a folder by its separator", "a/"),
        ("double-slash", "an empty component", "a//b"),
        ("slashes", "empty components only", "///"),
        ("component-256", "one byte too many", "a" * 256),
        ("component-256-first", "a folder one byte too long", "a" * 256 + "/b"),
        ("component-256-utf8", "86 characters, 256 bytes", "日" * 85 + "a"),
        ("path-1025", "one byte too many", "/".join(["a" * 255] * 4) + "/b"),
        ("path-1025-short", "1,025 bytes in short components", "a/" * 512 + "b"),
        ("path-2000", "far too long", "abc/" * 499 + "abcd"),
    ):
        yield bad(f"shape-{name}", comment, path, "PTH-1")


def _dots() -> Iterator[Case]:
    for name, path, rules in (
        ("dot", ".", "PTH-2 PTH-5"),
        ("dot-dot", "..", "PTH-2 PTH-5"),
        ("dot-first", "./a", "PTH-2 PTH-5"),
        ("dot-dot-first", "../a", "PTH-2 PTH-5"),
        ("dot-dot-inside", "a/../b", "PTH-2 PTH-5"),
        ("dot-inside", "a/./b", "PTH-2 PTH-5"),
        ("dot-dot-last", "a/..", "PTH-2 PTH-5"),
        ("three-dots", "...", "PTH-5"),
        ("three-dots-folder", ".../a", "PTH-5"),
        ("dot-last", "a.", "PTH-5"),
        ("dots-last", "a..", "PTH-5"),
        ("dot-last-folder", "a./b", "PTH-5"),
        ("space-last", "a ", "PTH-5"),
        ("space-last-folder", "a /b", "PTH-5"),
        ("only-space", " ", "PTH-5"),
        ("dot-space", "a. ", "PTH-5"),
        ("space-dot", "a .", "PTH-5"),
        ("dot-dot-space", ".. /a", "PTH-5"),
        ("extension-dot", "a.txt.", "PTH-5"),
    ):
        yield bad(f"dots-{name}", "a component that is a step, or that Windows shortens", path, rules)
    for name, path in (
        ("hidden", ".gitignore"),
        ("hidden-folder", ".a/.b"),
        ("two-first", "..a"),
        ("two-inside", "a..b"),
        ("three-first", "...a"),
        ("many-inside", "a....b"),
        ("space-then-extension", "a .txt"),
        ("no-break-space-last", "a\u00a0"),
        ("ideographic-full-stop", "a\u3002"),
        ("ideographic-space", "a\u3000"),
        ("one-dot-leader", "a\u2024"),
    ):
        yield good(
            f"dots-{name}",
            "dots and spaces that are harmless, or only look like them",
            path,
            "PTH-2 PTH-5",
        )


def _characters() -> Iterator[Case]:
    for name, path in (
        ("backslash", "a\\b"),
        ("backslash-first", "\\a"),
        ("backslash-only", "\\"),
        ("drive", "C:/a"),
        ("drive-relative", "C:a"),
        ("stream", "a.txt:s"),
        ("stream-data", "a::$DATA"),
        ("dot-dot-backslash", "..\\a"),
        ("unc", "\\\\server\\share"),
        ("colon-in-folder", "a:b/c"),
    ):
        yield bad(f"character-{name}", "a separator, drive or stream on Windows", path, "PTH-3")
    for code in (0x00, 0x01, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F):
        yield bad(f"control-{code:02x}", f"U+{code:04X}", f"a{chr(code)}b", "PTH-4")
    yield bad("control-first", "a control character at the beginning", "\na", "PTH-4")
    yield bad("control-last", "a control character at the end", "a\x00", "PTH-4")
    yield bad("control-in-folder", "in a folder's name", "a\u0085/b", "PTH-4")
    for name, comment, path in (
        ("space", "U+0020 is the first that is none", "a b"),
        ("7e", "the last before U+007F", "a~"),
        ("a0", "U+00A0 follows the last", "a\u00a0b"),
        ("c2-a0", "the first pair after c2 9f", "\u00a0b"),
        ("c3-80", "c3 80 is a letter", "À"),
        ("c4-9f", "the byte 9f after another lead", "ğ"),
        ("e2-80-8b", "U+200B has the byte 80 and is no control character here", "a\u200bb"),
        ("e2-80-a8", "U+2028, a line separator, is none by bytes", "a\u2028b"),
        ("bidi", "U+202E: writers refuse it, readers do not look", "a\u202eb"),
        ("slash-alike", "U+2215 is no separator", "a\u2215b"),
        ("colon-alike", "U+A789 is no colon", "a\ua789b"),
        ("backslash-alike", "U+FF3C is no backslash", "a\uff3cb"),
    ):
        yield good(f"character-{name}", comment, path, "PTH-3 PTH-4")


def _devices() -> Iterator[Case]:
    names = ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    ports = [port + digit for port in ("COM", "LPT") for digit in "0123456789¹²³"]
    for device in names + ports:
        label = (
            device.lower()
            .replace("$", "-dollar")
            .replace("¹", "-superscript-1")
            .replace("²", "-superscript-2")
            .replace("³", "-superscript-3")
        )
        yield bad(f"device-{label}", "a device name", device, "PTH-6")
    for name, comment, path in (
        ("lower", "in lower case", "con"),
        ("mixed", "in mixed case", "nUl"),
        ("extension", "with an extension", "CON.txt"),
        ("extensions", "with two", "aux.tar.gz"),
        ("dot-dot-extension", "with an empty one before", "prn..txt"),
        ("space-extension", "a space before the dot", "con .txt"),
        ("spaces-extension", "spaces before the dot", "nul   .a.b"),
        ("folder", "as a folder", "aux/a"),
        ("inside", "in a folder", "a/con/b"),
        ("last", "as last component", "a/b/nul.c"),
        ("port-extension", "a port with extension", "com7.log"),
        ("port-lower", "a port in lower case", "lpt3"),
        ("superscript-extension", "a superscript with extension", "com².txt"),
        ("superscript-lower", "a superscript in lower case", "lpt¹"),
        ("clock-lower", "in lower case", "clock$"),
        ("conin-extension", "with an extension", "ConIn$.x"),
        ("port-space", "a space before the dot", "COM1 .txt"),
        ("hidden-extension", "the extension is hidden", "nul.gitignore"),
    ):
        yield bad(f"device-written-{name}", comment, path, "PTH-6")
    yield bad("device-written-colon", "with a colon", "NUL:", "PTH-3")
    yield bad("device-written-stream", "with a stream", "con.txt:a", "PTH-3 PTH-6")
    yield bad("device-written-dot", "with a dot at the end", "con.", "PTH-5 PTH-6")
    yield bad("device-written-space", "with a space at the end", "con ", "PTH-5 PTH-6")
    for path in (
        "CONSOLE",
        "CO",
        "xcon",
        "con_",
        "con-1",
        "con1",
        "COM",
        "LPT",
        "COM10",
        "COM11.txt",
        "COMA",
        "LPT00",
        "COM-1",
        "COM 1",
        "COM⁴",
        "COM⁰",
        "COM\uff11",
        "LPT₁",
        "NULL",
        "nul_",
        "AUXILIARY",
        "CLOCK",
        "CLOCK$$",
        "CONIN",
        "CONOUT",
        "CONIN$$",
        "$CON",
        " con",
        ".con",
        "..con",
        "a.con",
        "a.nul.txt",
        "prn,txt",
        "con\u00a0.txt",
        "\uff43\uff4f\uff4e",
        "\uff2e\uff35\uff2c.txt",
        "COM1a",
        "1COM1",
        "com¹¹",
        "ÇON",
        "com1_1.log",
    ):
        spelled = "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}-" for c in path)
        name = "-".join(part for part in spelled.lower().split("-") if part)
        yield good(f"device-miss-{name}", "near a device name and none", path, "PTH-6")


def _sets() -> Iterator[Case]:
    longest = "/".join(["a" * 255] * 4)
    for name, comment, paths, rules in (
        ("file-case", "two files by case", ["A", "a"], "PTH-7"),
        (
            "file-case-inside",
            "two files by the case of their last component",
            ["d/FILE.txt", "d/file.txt"],
            "PTH-7",
        ),
        ("file-mixed-case", "case in the middle", ["reaDme", "reAdme"], "PTH-7"),
        ("folder-case", "one folder in two cases", ["Lib/a", "lib/b"], "PTH-7"),
        ("folder-case-inside", "an inner folder in two cases", ["x/Lib/a", "x/lib/b"], "PTH-7"),
        (
            "folder-case-same-file",
            "folders and with them files collide",
            ["Lib/a", "lib/a"],
            "PTH-7",
        ),
        (
            "folder-case-outer",
            "the outer folder differs, the inner one not",
            ["A/b/c", "a/b/d"],
            "PTH-7",
        ),
        ("folder-case-deep", "a folder at depth 4", ["a/b/c/D/e", "a/b/c/d/f"], "PTH-7"),
        ("three-files", "the first and the last of three collide", ["A", "b", "a"], "PTH-7"),
        ("file-is-folder", "a file that is the folder of another", ["a", "a/b"], "PTH-8"),
        ("file-is-folder-inside", "an inner one", ["a/b", "a/b/c"], "PTH-8"),
        ("file-is-outer-folder", "a folder two levels up", ["a", "a/b/c"], "PTH-8"),
        (
            "file-is-folder-case",
            "a file that is a folder of another under folding",
            ["A", "a/b"],
            "PTH-8",
        ),
        ("folder-is-file-case", "the folder comes first", ["A/b", "a"], "PTH-8"),
        ("file-is-folder-inside-case", "an inner one under folding", ["x/Y/z", "x/y"], "PTH-8"),
        ("file-is-folder-apart", "other rows stand between", ["a", "a-b", "a.b", "a/b"], "PTH-8"),
        (
            "file-is-folder-outer-case",
            "file and folder below folders that differ in case",
            ["A/b", "a/b/c"],
            "PTH-7 PTH-8",
        ),
        ("ascii-beside-unicode", "ASCII letters fold beside others", ["Ä-A", "Ä-a"], "PTH-7"),
        (
            "longest",
            "paths of 1,024 bytes that differ in the last letter's case",
            [longest[:-2] + "xY", longest[:-2] + "xy"],
            "PTH-7",
        ),
        ("z", "the last letter", ["Z", "z"], "PTH-7"),
    ):
        yield _set(name, comment, paths, rules)
    for name, comment, paths in (
        ("empty", "no file at all", []),
        ("one", "one file", ["a"]),
        ("two", "two files", ["a", "b"]),
        ("same-folder", "one folder, twice with the same bytes", ["Lib/a", "Lib/b"]),
        ("same-name-elsewhere", "equal names in two folders", ["a/x", "b/x"]),
        ("umlaut-case", "only ASCII is folded: Ä and ä", ["Ä", "ä"]),
        ("umlaut-folder", "Ä and ä as folders", ["Ä/x", "ä/y"]),
        ("sharp-s", "sharp s and ss", ["STRASSE", "straße"]),
        ("greek", "sigma in three forms", ["Σ", "ς", "\u03c3"]),
        ("normalisation", "composed and decomposed", ["a\u0308", "ä"]),
        ("kelvin", "the Kelvin sign is no k", ["k", "\u212a"]),
        ("dotless-i", "i, I with dot and dotless i", ["i", "İ", "\u0131"]),
        ("fullwidth", "fullwidth letters", ["\uff21", "\uff41"]),
        ("long-s", "long s", ["s", "\u017f"]),
        ("at-and-grave", "the bytes before A and a do not fold", ["@", "`"]),
        ("bracket-and-brace", "the bytes after Z and z do not fold", ["[", "{"]),
        ("prefix", "a file whose name begins like a folder", ["a-b", "a.txt", "a/b"]),
        ("file-and-folder-apart", "the name of a file and of an inner folder", ["b/a/c", "a"]),
        ("extension", "a file and a folder with extension", ["a", "a.d/b"]),
        ("deep", "a tree", ["a/b/c", "a/b/d", "a/e", "f"]),
        ("case-in-other-folder", "names that differ by case, in different folders", ["a/X", "b/x"]),
        ("cyrillic", "a letter that looks alike", ["a", "\u0430"]),
        ("umlaut-file-and-folder", "a file Ä and a folder ä", ["Ä", "ä/b"]),
    ):
        yield _set(name, comment, paths, "")


def _set(name: str, comment: str, paths: list[str], rules: str) -> Case:
    raw = sorted(path.encode() for path in paths)
    require(broken_set_rules(raw) == set(rules.split()), f"{name}: breaks {broken_set_rules(raw)}")
    require(not any(broken_rules(path) for path in raw), f"{name}: a path is bad alone")
    inputs = {"of": "set", "paths": [path.hex() for path in raw]}
    if rules:
        return refuse(f"set-{name}", comment, rules, inputs, "PATH_COLLISION")
    above = sorted({folder for path in raw for folder in folders(path)})
    return accept(f"set-fine-{name}", comment, "PTH-7 PTH-8", inputs, {"folders": [f.hex() for f in above]})


def build() -> Family:
    """The family paths."""
    cases = [*_shape(), *_dots(), *_characters(), *_devices(), *_sets()]
    return Family("paths", COMMENT, cases)
