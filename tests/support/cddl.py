"""A small judge of CDDL (RFC 8610), as much of it as spec/bundlefmt.cddl uses.

Grammar: rules `name = type`; types are choices of values, ranges, names, arrays and maps, with
`.size` and `.regexp`; members have occurrences `*`, `?`, `n*m` and keys `type =>` or `name:`.
Whatever is outside of this raises, so that the file cannot come to say more than is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

_TOKEN = re.compile(r'"[^"]*"|\d+\.\.\d+|\d*\*\d*|\?|=>|\.[a-z]+|[A-Za-z][A-Za-z0-9_-]*|\d+|[\[\]{}()=/:,]')
_BUILTIN: dict[str, Callable[[Any], bool]] = {
    "bytes": lambda value: type(value) is bytes,
    "tstr": lambda value: type(value) is str,
    "bool": lambda value: type(value) is bool,
}
PRELUDE = {"any", "uint", "nint", "int", "bstr", "text", "number", "time", "float", "true", "false", "nil", "null"}

Type = Callable[[Any], bool]


class _Member(NamedTuple):
    low: int
    high: int
    key: Type | None
    value: Type


class Schema:
    """A parsed file.

    Args:
        text: the file.
    """

    def __init__(self, text: str) -> None:
        lines = [line.partition(";")[0] for line in text.splitlines()]
        source = "\n".join(lines)
        self._tokens = _TOKEN.findall(source)
        left = _TOKEN.sub("", source).strip()
        if left:
            raise ValueError(f"outside of the grammar: {left[:40]!r}")
        self._at = 0
        self.rules: dict[str, Type] = {}
        while self._at < len(self._tokens):
            name = self._take()
            self._take("=")
            if name in self.rules or name in PRELUDE or name in _BUILTIN:
                raise ValueError(f"{name} is defined already")
            self.rules[name] = self._type()

    def matches(self, start: str, value: Any) -> bool:
        """Whether a decoded value has the shape of a rule."""
        return self.rules[start](value)

    # Parsing

    def _peek(self, offset: int = 0) -> str:
        at = self._at + offset
        return self._tokens[at] if at < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token != expected):
            raise ValueError(f"{expected or 'a token'} expected, {token!r} found")
        self._at += 1
        return token

    def _type(self) -> Type:
        choices = [self._one()]
        while self._peek() == "/":
            self._take()
            choices.append(self._one())
        return choices[0] if len(choices) == 1 else lambda value: any(choice(value) for choice in choices)

    def _one(self) -> Type:
        token = self._take()
        if token in "[{":
            members = self._members("]" if token == "[" else "}")
            return _array(members) if token == "[" else _map(members)
        base = self._named(token) if token[0].isalpha() else _literal(token)
        if self._peek() == ".size":
            self._take()
            parenthesis = self._peek() == "("
            if parenthesis:
                self._take()
            sizes = _literal(self._take())
            if parenthesis:
                self._take(")")
            return lambda value: base(value) and sizes(len(value.encode() if isinstance(value, str) else value))
        if self._peek() == ".regexp":
            self._take()
            pattern = re.compile(self._take().strip('"'))
            return lambda value: base(value) and pattern.fullmatch(value) is not None
        return base

    def _named(self, name: str) -> Type:
        def later(value: Any) -> bool:
            return self.rules[name](value)  # it may be defined further down

        return _BUILTIN.get(name, later)

    def _members(self, end: str) -> list[_Member]:
        members: list[_Member] = []
        while self._peek() != end:
            low = high = 1
            if self._peek() == "?":
                self._take()
                low = 0
            elif "*" in self._peek():
                least, _, most = self._take().partition("*")
                low, high = int(least or 0), int(most or 1 << 62)
            key: Type | None = None
            if self._peek(1) == "=>":
                key = self._type()
                self._take("=>")
            elif self._peek(1) == ":":
                self._take()  # in arrays a name is a label for people
                self._take(":")
            members.append(_Member(low, high, key, self._type()))
            if self._peek() == ",":
                self._take()
        self._take(end)
        return members


def _literal(token: str) -> Type:
    if token.startswith('"'):
        return lambda value: value == token[1:-1]
    low, _, high = token.partition("..")
    first, last = int(low), int(high or low)
    return lambda value: type(value) is int and first <= value <= last


def _array(members: list[_Member]) -> Type:
    def matches(value: Any) -> bool:
        if type(value) is not list:
            return False
        at = 0
        for member in members:
            count = 0
            while count < member.high and at < len(value) and member.value(value[at]):
                at, count = at + 1, count + 1
            if count < member.low:
                return False
        return at == len(value)

    return matches


def _map(members: list[_Member]) -> Type:
    def matches(value: Any) -> bool:
        if type(value) is not dict:
            return False
        rest = dict(value)
        for member in members:
            if member.key is None:
                raise ValueError("a member of a map without key")
            hits = [key for key, item in rest.items() if member.key(key) and member.value(item)][: member.high]
            if len(hits) < member.low:
                return False
            for key in hits:
                del rest[key]
        return not rest

    return matches
