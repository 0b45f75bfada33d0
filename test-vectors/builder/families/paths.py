"""The path rules through whole bundles."""

from __future__ import annotations

from collections.abc import Iterator

from builder.bundle import File
from builder.cases import Case, case
from builder.changes import tree

UMLAUT = "u\u0308"

REFUSED: dict[str, tuple[str, str, str]] = {
    "empty": ("", "PTH-1", "empty"),
    "absolute": ("/etc/passwd", "PTH-1", "absolute"),
    "slash": ("/", "PTH-1", "a slash"),
    "trailing-slash": ("folder/", "PTH-1", "a folder's name with a slash"),
    "double-slash": ("a//b", "PTH-1", "with an empty component"),
    "double-slash-first": ("//host/share", "PTH-1", "that of a network share"),
    "component-256": ("c" * 256, "PTH-1", "a component of 256 bytes"),
    "component-256-folder": ("c" * 256 + "/f", "PTH-1", "in a folder of 256 bytes"),
    "component-256-utf-8": ("\u00e9" * 128, "PTH-1", "of 128 characters in 256 bytes"),
    "path-1025": ("/".join(["d" * 127] * 8) + "/x", "PTH-1", "1,025 bytes long"),
    "dot": (".", "PTH-2", "a dot"),
    "dot-first": ("./a", "PTH-2", "relative to a dot"),
    "dot-inner": ("a/./b", "PTH-2", "with a dot inside"),
    "dot-last": ("a/.", "PTH-2", "with a dot at its end"),
    "dotdot": ("..", "PTH-2", "the folder above"),
    "dotdot-first": ("../../etc/cron.d/x", "PTH-2", "one that climbs out"),
    "dotdot-inner": ("a/../b", "PTH-2", "with a climb inside"),
    "dotdot-last": ("a/..", "PTH-2", "with a climb at its end"),
    "backslash": ("a\\b", "PTH-3", "with a backslash"),
    "backslash-climb": ("..\\..\\x", "PTH-3", "a climb on Windows"),
    "colon-drive": ("C:/x", "PTH-3", "on a drive of Windows"),
    "colon-stream": ("a.txt:stream", "PTH-3", "a stream of Windows"),
    "colon-last": ("a:", "PTH-3", "with a colon at its end"),
    "nul": ("a\0b", "PTH-4", "with a NUL"),
    "nul-last": ("a.txt\0", "PTH-4", "with a NUL at its end"),
    "newline": ("a\nb", "PTH-4", "with a newline"),
    "newline-last": ("a\n", "PTH-4", "with a newline at its end"),
    "carriage-return": ("a\rb", "PTH-4", "with a carriage return"),
    "tab": ("a\tb", "PTH-4", "with a tab"),
    "escape": ("a\x1b[2Jb", "PTH-4", "with an escape sequence"),
    "unit-separator": ("a\x1fb", "PTH-4", "with 1f, the last of the controls"),
    "delete": ("a\x7fb", "PTH-4", "with 7f"),
    "c1-first": ("a\x80b", "PTH-4", "with U+0080"),
    "c1-next-line": ("a\x85b", "PTH-4", "with U+0085"),
    "c1-csi": ("a\x9bb", "PTH-4", "with U+009B, which begins a terminal command"),
    "c1-last": ("a\x9fb", "PTH-4", "with U+009F"),
    "control-in-folder": ("a\x01/b", "PTH-4", "in a folder with a control character"),
    "trailing-dot": ("a.", "PTH-5", "with a dot at its end"),
    "trailing-dots": ("a...", "PTH-5", "with three dots at its end"),
    "three-dots": ("...", "PTH-5", "of three dots"),
    "trailing-space": ("a ", "PTH-5", "with a space at its end"),
    "space-alone": (" ", "PTH-5", "a space"),
    "trailing-dot-folder": ("a./b", "PTH-5", "in a folder that ends in a dot"),
    "trailing-space-folder": ("a /b", "PTH-5", "in a folder that ends in a space"),
    "device-con": ("CON", "PTH-6", "a device"),
    "device-prn": ("prn", "PTH-6", "a device in lower case"),
    "device-aux": ("Aux.txt", "PTH-6", "a device with an extension"),
    "device-nul": ("a/nul.tar.gz", "PTH-6", "a device with two extensions, in a folder"),
    "device-nul-folder": ("NUL/a", "PTH-6", "in a folder named like a device"),
    "device-clock": ("clock$", "PTH-6", "the clock"),
    "device-conin": ("CONIN$", "PTH-6", "the console's input"),
    "device-conout": ("ConOut$.x", "PTH-6", "the console's output"),
    "device-com0": ("COM0", "PTH-6", "serial port 0"),
    "device-com1": ("com1.log", "PTH-6", "serial port 1"),
    "device-com9": ("COM9", "PTH-6", "serial port 9"),
    "device-com-superscript-1": ("COM\u00b9", "PTH-6", "serial port 1 in superscript"),
    "device-com-superscript-3": ("com\u00b3.txt", "PTH-6", "serial port 3 in superscript"),
    "device-lpt1": ("LPT1", "PTH-6", "printer port 1"),
    "device-lpt-superscript-2": ("lpt\u00b2", "PTH-6", "printer port 2 in superscript"),
    "device-space-dot": ("CON .txt", "PTH-6", "a device with a space before its extension"),
    "device-spaces-dot": ("aux   .c", "PTH-6", "a device with spaces before its extension"),
}

COLLIDE: dict[str, tuple[list[str], str, str]] = {
    "file-case": (["README", "readme"], "PTH-7", "Two files differ in case."),
    "file-case-one-letter": (
        ["a/filE", "a/file"],
        "PTH-7",
        "Two files differ in one letter's case.",
    ),
    "file-case-apart": (["A", "B", "a"], "PTH-7", "Two files differ in case, with one between."),
    "folder-case": (["Lib/a", "lib/b"], "PTH-7", "Two folders differ in case."),
    "folder-case-inner": (["x/Lib/a", "x/lib/b"], "PTH-7", "Two inner folders differ in case."),
    "folder-case-outer": (["X/l/a", "x/m/b"], "PTH-7", "The outer folders differ in case."),
    "folder-and-file-case": (["Lib/A", "lib/a"], "PTH-7", "Folder and file differ in case."),
    "ascii-beside-other": (["\u00c4A", "\u00c4a"], "PTH-7", "ASCII folds beside other letters."),
    "file-is-folder": (["a", "a/b"], "PTH-8", "A file has the name of a folder."),
    "file-is-folder-apart": (
        ["a", "a-b", "a/b"],
        "PTH-8",
        "A file has the name of a folder, with a row between that sorts between.",
    ),
    "file-is-folder-inner": (["x/y", "x/y/z"], "PTH-8", "A file has the name of an inner folder."),
    "file-is-folder-case": (["A", "a/b"], "PTH-8", "A file has the folded name of a folder."),
    "folder-is-file-case": (["A/b", "a"], "PTH-8", "A folder has the folded name of a file."),
    "file-is-folder-deep": (["a/b", "a/b/c/d"], "PTH-8", "A file is a folder two levels up."),
}

ACCEPTED: dict[str, tuple[list[str], str]] = {
    "spaces": ([" a", "b c/ d"], "Spaces that are not at an end."),
    "not-ascii": (["\u0434\u043e\u043a/\u0444", "\u6587\u66f8"], "Names outside ASCII."),
    "nfc-and-nfd": ([UMLAUT, "\u00fc"], "Composed and decomposed side by side; readers accept."),
    "nfd-alone": (["fa" + UMLAUT], "A decomposed name; only writers refuse it."),
    "unicode-case": (["\u00c4", "\u00e4"], "Only ASCII folds."),
    "sharp-s": (["STRASSE", "stra\u00dfe"], "Sharp s does not fold."),
    "kelvin": (["k", "\u212a"], "The Kelvin sign does not fold."),
    "console": (["CONSOLE", "auxiliary", "nulls.txt", "com"], "Names that begin like a device."),
    "com10": (["COM10", "LPT00", "com1a", "xCOM1"], "A device name with more behind it."),
    "com-superscript-4": (["COM\u2074"], "Superscript 4 makes no device."),
    "device-extension": (["a.con", "b.NUL", ".aux"], "A device name behind the first dot."),
    "device-space-first": ([" con"], "A device name behind a space."),
    "leading-dots": ([".hidden", "..a", "...b"], "Names that begin with dots."),
    "emoji": (["\U0001f469\u200d\U0001f680.png"], "An emoji of three code points."),
    "percent": (["%2e%2e%2fa", "a%2fb", "%00"], "Escapes mean nothing."),
    "bidi": (["a\u202eb"], "A bidirectional control; only writers refuse it."),
    "unassigned": (["\U000e0fff", "\uffff"], "Code points without a character; readers accept."),
    "after-c1": (["a\u00a0b"], "A no-break space, the first character after the controls."),
    "continuation-bytes": (["\u00c0\u0100\u2580"], "Letters whose encodings end in 80."),
    "line-separator": (["a\u2028b"], "A line separator is no control character here."),
    "shell": (["$(x)", "'; rm -rf ~", '*?<>|"', "-rf"], "What a shell would read."),
    "tilde": (["~", "~root"], "Home folders mean nothing."),
    "fullwidth": (["\uff0e\uff0e\uff0fa", "\uff23\uff2f\uff2e"], "Fullwidth dots, slash and CON."),
    "component-255": (["c" * 255, "\u00e9" * 127 + "x"], "Components of 255 bytes."),
    "path-1024": (["/".join(["d" * 127] * 8)[:1023] + "x"], "A path of 1,024 bytes."),
    "deep": (["/".join("d" * 512)], "512 components."),
    "same-folder": (["Lib/a", "Lib/b", "Lib/c/d"], "One folder, three times."),
    "same-name": (["A/x", "B/X"], "Names that differ in case in different folders."),
    "file-like-folder": (["a-b", "a.b", "a/b", "a0"], "A folder among files that begin alike."),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name, (path, rules, comment) in REFUSED.items():
        bundle = tree(f"paths-{name}", File(path, b"x"))
        yield case(bundle, f"A path is {comment}.", rules, "PATH_INVALID")
    bundle = tree("paths-second-row", File("fine", b"1"), File("x/..", b"2"), File("y", b"3"))
    yield case(bundle, "Of three paths the second climbs.", "PTH-2", "PATH_INVALID")
    for name, (paths, rules, comment) in COLLIDE.items():
        files = (File(path, b"%d" % i) for i, path in enumerate(paths))
        yield case(tree(f"paths-{name}", *files), comment, rules, "PATH_COLLISION")
    for name, (paths, comment) in ACCEPTED.items():
        files = (File(path, b"%d" % i) for i, path in enumerate(paths))
        rules = "PTH-7 PTH-8" if name in ("same-folder", "same-name", "file-like-folder") else "PTH-1"
        yield case(tree(f"paths-fine-{name}", *files), comment, _RULES.get(name, rules))
    bundle = tree("paths-fine-several-deep", *_deep(8))
    yield case(bundle, "Eight empty files, each in 500 folders of its own.", "PTH-7 PTH-8")
    bundle = tree("paths-many-deep", *_deep(1000), File("999" + "/a" * 498 + "/A/b", b""))
    comment = "Half a million folders, of which two deep ones differ in case."
    yield case(bundle, comment, "PTH-7", "PATH_COLLISION")


def _deep(count: int) -> list[File]:
    """Empty files, each in folders of its own."""
    return [File(f"{i:03d}" + "/a" * 500, b"") for i in range(count)]


_RULES = {
    "spaces": "PTH-5",
    "unicode-case": "PTH-7",
    "nfc-and-nfd": "PTH-7",
    "sharp-s": "PTH-7",
    "kelvin": "PTH-7",
    "console": "PTH-6",
    "com10": "PTH-6",
    "com-superscript-4": "PTH-6",
    "device-extension": "PTH-6",
    "device-space-first": "PTH-6",
    "leading-dots": "PTH-2 PTH-5",
    "after-c1": "PTH-4",
    "continuation-bytes": "PTH-4",
    "line-separator": "PTH-4",
}
