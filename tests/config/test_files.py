from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.config.files import locked, read_text, replace_private
from axonhub_cli.errors import ConfigError

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links as on POSIX")


def test_a_file_that_is_not_there_has_no_text(tmp_path: Path) -> None:
    assert read_text(tmp_path / "none") is None


@posix
def test_a_file_of_another_users_is_told_with_the_way_to_an_own_one() -> None:
    with tempfile.TemporaryDirectory() as name:
        closed = Path(name, "a.toml")
        closed.write_text("")
        closed.chmod(0o000)
        Path(name).chmod(0o711)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(ConfigError, match="Permission denied") as caught:
                read_text(closed)
        finally:
            os.seteuid(me)
    assert "AXONHUB_HOME" in str(caught.value.hint)


@posix
def test_a_new_file_is_private_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    replace_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.toml"]


@posix
def test_an_open_file_becomes_private_and_so_does_its_backup(tmp_path: Path) -> None:
    path, backup = tmp_path / "a.toml", tmp_path / "a.toml.bak"
    path.write_text("old")
    path.chmod(0o644)
    replace_private(path, "new", backup=backup)
    assert (path.read_text(), backup.read_text()) == ("new", "old")
    assert {file.stat().st_mode & 0o777 for file in (path, backup)} == {0o600}


@posix
def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "real.toml"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "a.toml"
    link.symlink_to(Path("dotfiles") / "real.toml")
    replace_private(link, "new", backup=tmp_path / "a.toml.bak")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert (tmp_path / "a.toml.bak").read_text() == "old"


@posix
def test_a_link_to_nothing_gets_its_target(tmp_path: Path) -> None:
    link = tmp_path / "a.toml"
    link.symlink_to(tmp_path / "real.toml")
    replace_private(link, "new")
    assert (link.is_symlink(), (tmp_path / "real.toml").read_text()) == (True, "new")


@posix
def test_a_link_in_the_drafts_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (tmp_path / ".a.toml.new").symlink_to(victim)
    replace_private(tmp_path / "a.toml", "new")
    assert victim.read_text() == "keep"
    assert not (tmp_path / "a.toml").is_symlink()


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="needs root")
def test_root_leaves_a_file_with_its_owner(tmp_path: Path) -> None:
    path, backup = tmp_path / "a.toml", tmp_path / "a.toml.bak"
    path.write_text("old")
    os.chown(path, 1234, 1235)
    replace_private(path, "new", backup=backup)
    assert {(file.stat().st_uid, file.stat().st_gid) for file in (path, backup)} == {(1234, 1235)}


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 KB, full but for what rounding leaves."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_file_and_its_backup(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path, backup = disk / "a.toml", disk / "a.toml.bak"
        path.write_text("old")
        backup.write_text("older")
        with contextlib.suppress(OSError):
            (disk / "filler").write_bytes(b"x" * 65536)
        with pytest.raises(ConfigError, match=r"cannot write .*a\.toml: No space left") as caught:
            replace_private(path, "new" * 5000, backup=backup)
        assert "nothing was changed" in str(caught.value.hint)
        assert (path.read_text(), backup.read_text()) == ("old", "older")
        assert sorted(os.listdir(disk)) == ["a.toml", "a.toml.bak", "filler"]


def test_a_lock_has_one_holder_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with locked(tmp_path / "new" / "a.toml"):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (80, 1)


def test_a_lock_that_is_not_given_back_is_told_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    with (
        locked(path),
        pytest.raises(ConfigError, match="another axonhub command has been changing"),
        locked(path, limit=0),
    ):
        pass
    with locked(path, limit=0):
        pass


@posix
def test_a_file_and_a_link_to_it_have_one_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.toml")
    with (
        locked(tmp_path / "link"),
        pytest.raises(ConfigError),
        locked(tmp_path / "a.toml", limit=0),
    ):
        pass
