import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.pricing.listing import Listing
from tests.support.price_list import price_list


def test_the_list_is_made_once_for_each_version_of_the_package(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "prices.json"
    file.parent.mkdir()
    file.write_bytes(price_list().read_bytes())
    made_at = file.stat().st_mtime_ns
    listed = Listing(file).read()
    assert listed is not None
    assert listed.version.startswith("genai-prices 0.")
    assert file.stat().st_mtime_ns == made_at

    first, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(first.replace(b'"package":"', b'"package":"/elsewhere') + b"\n" + rest)
    assert Listing(file).read() is not None
    assert file.read_bytes() == price_list().read_bytes()


def test_a_broken_list_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(b"no list")
    assert Listing(file).read() is not None
    assert file.read_bytes() == price_list().read_bytes()


def test_where_no_list_can_be_made_there_is_none_and_nothing_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    listing = Listing(tmp_path / "file" / "prices.json")
    assert listing.read() is None
    assert listing.read() is None


def test_prices_are_fetched_only_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(price_list().read_bytes())
    a_week_ago = file.stat().st_mtime - 7 * 24 * 3600
    os.utime(file, (a_week_ago, a_week_ago))
    offline, online = Listing(file), Listing(file, updates=lambda: True)
    assert offline.read() is not None
    assert not offline.outdated()
    assert file.stat().st_mtime == a_week_ago
    assert not online.outdated()


def test_threads_that_need_it_at_once_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing, run = Listing(tmp_path / "prices.json"), subprocess.run
    started: list[list[str]] = []

    def counted(command: list[str], **options: Any) -> Any:
        started.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: listing.read(), range(3)))
    assert all(listed is not None for listed in found)
    assert len(started) == 1
