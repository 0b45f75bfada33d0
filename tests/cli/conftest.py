"""A publisher made by the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.cli import PACK, SITE, Shop, write_tree


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Keys, a trust file, a folder and its bundle; tests do not change them."""
    shop = Shop(tmp_path_factory.mktemp("stock"))
    write_tree(shop.path("dist"), SITE)
    shop.run("keygen", "signer", "-o", "root.pem")
    shop.run("keygen", "signer", "-o", "ci.pem")
    shop.run("keygen", "recipient", "-o", "device.key")
    shop.run("keygen", "recipient", "--x25519", "-o", "other.key")
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem", "-o", "acme.trust")
    shop.run("pack", "dist", "-o", "app.bndl", *PACK)
    data = bytearray(shop.path("app.bndl").read_bytes())
    data[-1] ^= 1
    shop.path("bad.bndl").write_bytes(data)
    return shop


@pytest.fixture
def shop(stock: Shop, tmp_path: Path) -> Shop:
    """A folder of one's own with everything of `stock`."""
    for item in stock.folder.iterdir():
        if item.is_file():
            shutil.copy2(item, tmp_path / item.name)
    write_tree(tmp_path / "dist", SITE)
    return Shop(tmp_path)
