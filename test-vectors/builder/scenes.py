"""The publishers and trees that most cases share."""

from __future__ import annotations

from functools import cache

from builder.bundle import Bundle, File
from builder.keys import SigningKey
from builder.stream import expand
from builder.trust import Chain, role

TREE = [
    File("bin/run", b"#!/bin/sh\nexec cat ../share/greeting.txt\n", 1),
    File("share/greeting.txt", b"Hello from a bundle.\n"),
]


@cache
def standard() -> Chain:
    """One epoch, one key in each role."""
    return Chain.start("standard")


@cache
def neighbour() -> Chain:
    """Another publisher."""
    return Chain.start("neighbour")


@cache
def rotated() -> Chain:
    """Five epochs; every epoch has new keys in every role."""
    chain = Chain.start("rotated")
    for epoch in range(2, 6):
        chain = chain.extended(
            root=role(1, SigningKey(f"rotated root {epoch}")),
            release=role(1, SigningKey(f"rotated release {epoch}")),
            pointer=role(1, SigningKey(f"rotated pointer {epoch}")),
        )
    return chain


@cache
def steady() -> Chain:
    """Five epochs under the same keys."""
    chain = Chain.start("steady")
    for _ in range(4):
        chain = chain.extended()
    return chain


def release(name: str, chain: Chain | None = None) -> Bundle:
    """A small correct release."""
    bundle = Bundle(name, chain or standard())
    bundle.files = list(TREE)
    return bundle


def pointer(name: str, chain: Chain | None = None) -> Bundle:
    """A small correct pointer."""
    return Bundle(name, chain or standard(), kind=2)


def wide(name: str) -> Bundle:
    """A release of three records over three leaves, one of them in a single leaf."""
    bundle = Bundle(name, standard())
    bundle.files = [
        File("a.bin", expand("wide", "a", 9000)),
        File("b.bin", expand("wide", "b", 20000)),
        File("c.bin", expand("wide", "c", 12000)),
    ]
    return bundle
