"""The list of prices, made once for all tests: each home would else start a process for it."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from axonhub_cli.pricing.listing import Listing


@cache
def price_list() -> Path:
    """A file to read; it goes with the temporary folder."""
    file = Path(tempfile.mkdtemp(prefix="axonhub-prices-"), "prices.json")
    assert Listing(file).read() is not None
    return file


def lend(file: Path) -> None:
    """Put it where a home's daemon looks for it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.link(price_list(), file)
    except OSError:
        shutil.copy2(price_list(), file)
