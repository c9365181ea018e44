from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.config.paths import Paths
from axonhub_cli.config.store import ConfigStore, fingerprint
from axonhub_cli.errors import ConfigError, UsageError
from tests.config import children

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as on POSIX")
ECHO = {"name": "a", "type": "echo"}


def test_the_first_edit_makes_a_private_home(store: ConfigStore, paths: Paths) -> None:
    with store.edit() as edit:
        edit.append("channels", {**ECHO, "proxy": None})
        assert edit.config.channel("a") is not None
    assert store.read().channels[0].name == "a"
    if sys.platform != "win32":
        assert paths.config_file.stat().st_mode & 0o777 == 0o600
        assert paths.config_file.parent.stat().st_mode & 0o777 == 0o700


def test_an_edit_shows_its_own_changes_and_the_overrides(store: ConfigStore) -> None:
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
        edit.append("channels", ECHO)
        edit.update("channels", "a", {"weight": 5, "tags": ("x",)})
        edit.update("channels", "a", {"name": "b", "tags": None})
        edit.set_value("server.port", "9000")
        edit.remove("profiles", "p")
        config = edit.config
    assert store.read() == config
    channel = config.channels[0]
    assert (channel.name, channel.weight, channel.tags) == ("b", 5, ())
    assert (config.server.port, config.profiles, config.secrets.backend) == (9000, (), "file")


def test_overrides_are_not_written(store: ConfigStore, paths: Paths) -> None:
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
    assert "secrets" not in paths.config_file.read_text()


def test_the_previous_version_is_kept(store: ConfigStore, paths: Paths) -> None:
    for name in ("p", "q"):
        with store.edit() as edit:
            edit.append("profiles", {"name": name})
    backup = paths.config_file.with_name("config.toml.bak")
    assert backup.read_text() == '[[profiles]]\nname = "p"\n'
    assert [profile.name for profile in store.read().profiles] == ["p", "q"]


def test_new_lines_end_as_all_others_do(store: ConfigStore, paths: Paths) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_bytes(b"# mine\r\n[server]\r\nport = 1\r\n")
    with store.edit() as edit:
        edit.append("channels", ECHO)
    written = paths.config_file.read_bytes()
    assert written.startswith(b"# mine\r\n[server]\r\nport = 1\r\n")
    assert written.count(b"\n") == written.count(b"\r\n") > 3


def test_comments_stay(store: ConfigStore, paths: Paths) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_text("# mine\n[server]\nport = 1 # first\n")
    with store.edit() as edit:
        edit.set_value("server.port", 2)
    assert paths.config_file.read_text() == "# mine\n[server]\nport = 2 # first\n"


def test_nothing_is_written_when_nothing_changed(store: ConfigStore, paths: Paths) -> None:
    with store.edit():
        pass
    assert not paths.config_file.exists()
    paths.config_file.write_text('[[profiles]]\nname="p"')
    before = paths.config_file.stat()
    with store.edit() as edit:
        edit.update("profiles", "p", {"name": "q"})
        edit.update("profiles", "q", {"name": "p"})
    assert paths.config_file.stat() == before


def test_nothing_is_written_when_the_block_raises(store: ConfigStore, paths: Paths) -> None:
    undone: list[str] = []
    with pytest.raises(KeyError), store.edit() as edit:
        edit.append("profiles", {"name": "p"})
        edit.otherwise(lambda: undone.append("first"))
        edit.otherwise(lambda: undone.append("second"))
        edit.then(lambda: undone.append("never"))
        raise KeyError
    assert not paths.config_file.exists()
    assert undone == ["second", "first"]


def test_an_edit_that_breaks_a_rule_is_refused_whole(store: ConfigStore) -> None:
    with store.edit() as edit:
        edit.append("channels", ECHO)
    undone: list[str] = []
    with (
        pytest.raises(ConfigError, match=r"^channels\[0\]\.weight: 300 is not between 0 and 100$"),
        store.edit() as edit,
    ):
        edit.otherwise(lambda: undone.append("undone"))
        edit.append("profiles", {"name": "p"})
        edit.update("channels", "a", {"weight": 300})
    assert undone == ["undone"]
    assert store.read().profiles == ()


def test_steps_for_afterwards_run_once_the_file_says_so(store: ConfigStore) -> None:
    seen: list[int] = []
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
        edit.then(lambda: seen.append(len(store.read().profiles)))
        edit.otherwise(lambda: seen.append(-1))
    assert seen == [1]


def test_a_variable_does_not_hide_a_fault_of_the_edit(paths: Paths) -> None:
    store = ConfigStore(paths, {"AXONHUB_SERVER_PORT": "1"})
    with pytest.raises(ConfigError, match=r"server\.port: 70000"), store.edit() as edit:
        edit.set_value("server.port", "70000")


def test_a_file_that_is_wrong_is_not_edited(store: ConfigStore, paths: Paths) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_text("[server]\nprot = 1\n")
    with pytest.raises(ConfigError, match="line 2: server.prot"), store.edit():
        pytest.fail("the block must not run")
    assert paths.config_file.read_text() == "[server]\nprot = 1\n"


def test_names_are_looked_after(store: ConfigStore) -> None:
    with store.edit() as edit:
        edit.append("channels", ECHO)
        edit.append("channels", {**ECHO, "name": "main"})
        with pytest.raises(UsageError, match="there is a channel 'a' already"):
            edit.append("channels", ECHO)
        with pytest.raises(UsageError, match="there is a channel 'a' already"):
            edit.update("channels", "main", {"name": "a"})
        with pytest.raises(UsageError, match="there is no channel 'mian': did you mean 'main'"):
            edit.remove("channels", "mian")
        with pytest.raises(UsageError, match="there is no key 'k'$"):
            edit.update("keys", "k", {"enabled": False})
        with pytest.raises(ConfigError, match="did you mean 'server.host'"):
            edit.set_value("server.hots", "x")


def test_the_fingerprint_follows_both_files(store: ConfigStore, paths: Paths) -> None:
    seen = [fingerprint(paths)]
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
    seen.append(fingerprint(paths))
    with store.edit() as edit:
        edit.update("profiles", "p", {"name": "q"})
    seen.append(fingerprint(paths))
    paths.secrets_file.write_text("")
    seen.append(fingerprint(paths))
    assert len(set(seen)) == 4
    assert fingerprint(paths) == seen[-1]


def test_no_edit_of_many_processes_is_lost(store: ConfigStore, environ: dict[str, str]) -> None:
    script = "import sys; add(os.environ['NAME'], 8)"
    names = [f"p{number}" for number in range(6)]
    edits = [children.start(script, {**environ, "NAME": name}) for name in names]
    for edit in edits:
        _, complaint = edit.communicate(timeout=15)
        assert edit.returncode == 0, complaint
    found = {profile.name for profile in store.read().profiles}
    assert found == {f"{name}-{number}" for name in names for number in range(8)}


@posix
@pytest.mark.parametrize(
    ("function", "call"),
    [
        *(("open", call) for call in (1, 2, 3, 4)),  # lock, draft, draft of the backup, folder
        *(("unlink", call) for call in (1, 2)),
        *(("fsync", call) for call in (1, 2, 3)),
        *(("replace", call) for call in (1, 2)),
    ],
)
def test_a_crash_in_mid_write_leaves_a_whole_file(
    store: ConfigStore, paths: Paths, environ: dict[str, str], function: str, call: int
) -> None:
    with store.edit() as edit:
        edit.append("profiles", {"name": "old"})
    before = paths.config_file.read_text()
    script = f"{children.KILLED}\nkill_at({function!r}, {call})\nadd('new')"
    code, complaint = children.run(script, environ)
    assert code == -9, complaint
    after = paths.config_file.read_text()
    assert after in (before, before + '\n[[profiles]]\nname = "new-0"\n')
    # The next command finds no lock, no rubbish in its way.
    with store.edit() as edit:
        edit.append("profiles", {"name": "next"})
    assert {"old", "next"} <= {profile.name for profile in store.read().profiles}
    assert not [name for name in os.listdir(paths.config_file.parent) if name.endswith(".new")]


@posix
def test_a_file_that_may_not_grow_stays_as_it_was(
    store: ConfigStore, paths: Paths, environ: dict[str, str]
) -> None:
    with store.edit() as edit:
        edit.append("profiles", {"name": "old" + "x" * 60})
    before = paths.config_file.read_text()
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))"
    code, complaint = children.run(f"{limit}\nreport(lambda: add('new'))", environ)
    assert code == 1
    assert f"error: cannot write {paths.config_file}: File too large" in complaint
    assert "nothing was changed" in complaint
    assert paths.config_file.read_text() == before
    assert sorted(os.listdir(paths.config_file.parent)) == [".config.toml.lock", "config.toml"]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that anyone may enter (pytest's own are private), and only its owner may write."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@posix
def test_a_home_of_somebody_else_is_an_error_and_stays_as_it_is(shared: Path) -> None:
    file = shared / "config.toml"
    file.write_text("[server]\nport = 1\n")
    shared.chmod(0o555)
    environ = {"AXONHUB_HOME": str(shared)}
    script = f"{children.AS_NOBODY}\nreport(lambda: add('new'))"
    code, complaint = children.run(script, environ)
    assert code == 1
    assert f"error: cannot write {file}: Permission denied" in complaint
    assert "AXONHUB_HOME" in complaint
    assert (file.read_text(), os.listdir(shared)) == ("[server]\nport = 1\n", ["config.toml"])


@posix
def test_a_home_that_cannot_be_made_is_an_error(shared: Path) -> None:
    shared.chmod(0o555)
    environ = {"AXONHUB_HOME": str(shared / "home")}
    code, complaint = children.run(f"{children.AS_NOBODY}\nreport(lambda: add('new'))", environ)
    assert code == 1
    assert f"error: cannot create the folder {str(shared / 'home')!r}" in complaint


@posix
def test_a_linked_configuration_stays_a_link(store: ConfigStore, paths: Paths) -> None:
    real = paths.config_file.parent.parent / "dotfiles" / "hub.toml"
    real.parent.mkdir()
    real.write_text("# mine\n")
    paths.config_file.parent.mkdir()
    paths.config_file.symlink_to(real)
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
    assert paths.config_file.is_symlink()
    assert real.read_text() == '# mine\n\n[[profiles]]\nname = "p"\n'
    assert paths.config_file.with_name("config.toml.bak").read_text() == "# mine\n"
