"""A running daemon's configuration: changed under it, broken under it, mended under it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.config.keys import hash_key
from axonhub_cli.config.secret_file import SecretFile
from axonhub_cli.daemon.background import START_TIMEOUT
from axonhub_cli.daemon.runtime import START_PATIENCE_S, Runtime
from axonhub_cli.errors import ConfigError
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.routing.tokens import Tokens
from tests.support.home import KEY, TOKEN, Home, channel

URL = "https://api.example.com"


class Clock:
    """Seconds pass between two looks at it, so that every request looks at the files."""

    def __init__(self, step: float = 1.0) -> None:
        self.now = 1000.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def run(
    home: Home, script: Callable[[Runtime], Awaitable[None]], clock: Clock | None = None
) -> None:
    runtime = Runtime(home.paths, home.environ, clock=clock or Clock())

    async def play() -> None:
        await runtime.start()
        await script(runtime)

    asyncio.run(play())


def names(snapshot: Snapshot) -> list[str]:
    return [c.name for c in snapshot.config.channels]


def values(snapshot: Snapshot, name: str = "main") -> list[str]:
    return [token.secret.reveal() for token in snapshot.tokens[name]]


def write(home: Home, text: str | bytes) -> None:
    """As an editor does: another file, moved to the place of the old one."""
    draft = home.paths.config_file.with_suffix(".draft")
    draft.write_bytes(text.encode() if isinstance(text, str) else text)
    draft.replace(home.paths.config_file)


def test_the_first_configuration_is_read_with_its_secrets(home: Home) -> None:
    home.configure(channel(URL), channel(URL, "off", enabled=False))

    async def script(runtime: Runtime) -> None:
        snapshot = await runtime.current()
        assert names(snapshot) == ["main", "off"]
        assert values(snapshot) == [TOKEN]
        assert set(snapshot.limits) == {"main", "off"}
        assert snapshot.keys[hash_key(KEY)].name == "default"
        assert snapshot.faults == {}
        assert runtime.known_secrets() == [TOKEN]
        assert await runtime.current() is snapshot, "nothing changed"

    run(home, script)


def test_without_a_file_there_are_the_defaults(home: Home) -> None:
    async def script(runtime: Runtime) -> None:
        assert names(await runtime.current()) == []
        home.configure(channel(URL))
        assert names(await runtime.current()) == ["main"]

    run(home, script)


def test_a_broken_file_stops_the_start(home: Home) -> None:
    home.configure(channel(URL, weight=300))
    with pytest.raises(ConfigError, match="300 is not between 0 and 100"):
        asyncio.run(Runtime(home.paths, home.environ).start())


def test_before_the_start_there_are_no_secrets(home: Home) -> None:
    assert Runtime(home.paths, home.environ).known_secrets() == []


def test_the_next_request_sees_the_change_and_a_running_one_does_not(home: Home) -> None:
    home.configure(channel(URL))

    async def script(runtime: Runtime) -> None:
        running = await runtime.current()
        home.configure(channel(URL, weight=7), channel(URL, "second"), key={"enabled": False})
        following = await runtime.current()
        assert names(following) == ["main", "second"]
        assert following.config.channels[0].weight == 7
        assert not following.keys[hash_key(KEY)].enabled
        assert names(running) == ["main"]
        assert running.config.channels[0].weight == 100
        assert running.keys[hash_key(KEY)].enabled

    run(home, script)


def test_an_active_profile_is_switched_without_a_restart(home: Home) -> None:
    home.configure(channel(URL), mappings={"fast": "claude-a"})

    async def script(runtime: Runtime) -> None:
        home.configure(channel(URL), mappings={"fast": "claude-b"})
        profile = (await runtime.current()).config.profile("default")
        assert profile is not None
        assert profile.mappings[0].target == "claude-b"

    run(home, script)


@pytest.mark.parametrize(
    "broken",
    ["nonsense", "[[channels]]\nname = 'x'\n", "port = 8090", "\x00", b"\xff\xfe", "[server]\nx=1"]
    + ["a = " + "[" * 100_000],
    ids=["words", "half", "key", "nul", "utf-16", "unknown", "nesting"],
)
def test_a_broken_change_keeps_the_last_good_one_until_it_is_mended(
    home: Home, broken: str | bytes
) -> None:
    home.configure(channel(URL))

    async def script(runtime: Runtime) -> None:
        good = await runtime.current()
        write(home, broken)
        assert await runtime.current() is good
        error = runtime.config_error
        assert error
        assert str(home.paths.config_file) in error
        assert await runtime.current() is good
        assert runtime.config_error == error
        home.configure(channel(URL, "mended"))
        assert names(await runtime.current()) == ["mended"]
        assert runtime.config_error is None

    run(home, script)


def test_a_folder_in_the_files_place_is_an_error_like_others(home: Home) -> None:
    home.configure(channel(URL))

    async def script(runtime: Runtime) -> None:
        good = await runtime.current()
        home.paths.config_file.rename(home.path / "aside")
        home.paths.config_file.mkdir()
        assert await runtime.current() is good
        assert runtime.config_error
        home.paths.config_file.rmdir()
        (home.path / "aside").rename(home.paths.config_file)
        assert names(await runtime.current()) == ["main"]
        assert runtime.config_error is None

    run(home, script)


class Heard(logging.Handler):
    """Keeps what is logged, whatever a daemon of another test did to the logger's ways up."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def test_the_fault_is_logged_once_not_with_each_request(home: Home) -> None:
    home.configure(channel(URL))

    async def script(runtime: Runtime) -> None:
        write(home, "nonsense")
        for _ in range(3):
            await runtime.current()

    heard = Heard()
    logging.getLogger("axonhub").addHandler(heard)
    try:
        run(home, script)
    finally:
        logging.getLogger("axonhub").removeHandler(heard)
    assert len([text for text in heard.messages if "is not used" in text]) == 1


def test_requests_at_once_read_a_change_once(home: Home, tmp_path: Path) -> None:
    home.configure(channel(URL))
    count = tmp_path / "count"
    command = f"command:sh -c 'echo run >> {count}; echo token'"

    async def script(runtime: Runtime) -> None:
        home.configure(channel(URL, tokens=[command]))
        found = await asyncio.gather(*(runtime.current() for _ in range(20)))
        assert len({id(snapshot) for snapshot in found}) == 1
        assert values(found[0]) == ["token"]

    run(home, script)
    assert count.read_text() == "run\n"


def test_a_reload_asks_no_password_manager_again(home: Home, tmp_path: Path) -> None:
    count = tmp_path / "count"
    command = f"command:sh -c 'echo run >> {count}; echo token'"
    home.configure(channel(URL, tokens=[command]))

    async def script(runtime: Runtime) -> None:
        for weight in (1, 2, 3):
            home.configure(channel(URL, tokens=[command], weight=weight))
            assert values(await runtime.current()) == ["token"]

    run(home, script)
    assert count.read_text() == "run\n"


def test_a_refused_commands_token_is_asked_for_again(home: Home, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.write_text("old")
    command = f"command:cat {vault}"
    home.configure(channel(URL, tokens=[command, "env:TEST_TOKEN"]))

    async def script(runtime: Runtime) -> None:
        assert values(await runtime.current()) == ["old", TOKEN]
        vault.write_text("new")
        runtime.refused("env:TEST_TOKEN")
        assert values(await runtime.current()) == ["old", TOKEN]
        runtime.refused(command)
        assert values(await runtime.current()) == ["new", TOKEN]
        vault.write_text("newer")
        runtime.refused(command)
        assert values(await runtime.current()) == ["new", TOKEN], "not more than twice a minute"
        assert set(runtime.known_secrets()) == {"old", "new", TOKEN}, "the trace may still hold it"
        clock.now += 30
        runtime.refused(command)
        assert values(await runtime.current()) == ["newer", TOKEN]

    clock = Clock()
    run(home, script, clock)


def test_under_load_the_files_are_looked_at_now_and_then(home: Home) -> None:
    home.configure(channel(URL))

    async def script(runtime: Runtime) -> None:
        assert names(await runtime.current()) == ["main"]
        home.configure(channel(URL, "second"))
        assert names(await runtime.current()) == ["main"]
        clock.now += 1
        assert names(await runtime.current()) == ["second"]

    clock = Clock(step=0.0)
    run(home, script, clock)


FAILING: list[tuple[dict[str, Any], str]] = [
    ({"tokens": ["env:NOT_SET"]}, "NOT_SET"),
    ({"tokens": ["file:channel/x/1"]}, "holds no"),
    ({"tokens": ["keyring:channel/x/1"]}, "holds no"),
    ({"tokens": ["command:false"]}, "code 1"),
    ({"tokens": ["command:there-is-no-such-program-here"]}, "code 127"),
    ({"type": "claude-code", "base_url": None, "tokens": []}, "no token is configured"),
]


@pytest.mark.parametrize(("fields", "words"), FAILING)
def test_a_failing_secret_is_a_fault_of_its_channel_alone(
    home: Home, fields: dict[str, Any], words: str
) -> None:
    bad = {k: v for k, v in (channel(URL, "bad") | fields).items() if v is not None}
    home.configure(bad, channel(URL))

    async def script(runtime: Runtime) -> None:
        snapshot = await runtime.current()
        assert set(snapshot.faults) == {"bad"}
        assert snapshot.faults["bad"].startswith("has no usable token (")
        assert words in snapshot.faults["bad"]
        assert values(snapshot) == [TOKEN]
        assert runtime.config_error is None
        home.configure(channel(URL, "bad"), channel(URL))
        assert (await runtime.current()).faults == {}

    run(home, script)


def test_a_disabled_channel_is_not_asked_for_its_secret(home: Home, tmp_path: Path) -> None:
    count = tmp_path / "count"
    home.configure(channel(URL, tokens=[f"command:touch {count}"], enabled=False))

    async def script(runtime: Runtime) -> None:
        assert (await runtime.current()).faults == {}

    run(home, script)
    assert not count.exists()


def test_a_provider_of_ones_own_needs_no_token(home: Home) -> None:
    echo = {"name": "echo", "type": "echo"}
    home.configure(channel(URL, tokens=[]), echo)

    async def script(runtime: Runtime) -> None:
        snapshot = await runtime.current()
        assert snapshot.faults == {}
        assert (snapshot.tokens["main"], snapshot.tokens["echo"]) == ((), ())

    run(home, script)


def test_a_secret_that_comes_later_mends_its_channel(home: Home) -> None:
    """Without a change of the configuration: the secrets file is watched too."""
    home.configure(channel(URL, tokens=["file:channel/main/1"]))

    async def script(runtime: Runtime) -> None:
        assert "main" in (await runtime.current()).faults
        SecretFile(home.paths.secrets_file).set("channel/main/1", "late")
        snapshot = await runtime.current()
        assert snapshot.faults == {}
        assert values(snapshot) == ["late"]

    run(home, script)


def test_each_token_has_a_label_of_its_own(home: Home) -> None:
    """A session's token is chosen by its label: of two alike one would never be used."""
    tokens = ["command:echo a", "command:echo b", "env:TEST_TOKEN"]
    home.configure(channel(URL, tokens=tokens))

    async def script(runtime: Runtime) -> None:
        snapshot = await runtime.current()
        found = [(token.label, token.reference) for token in snapshot.tokens["main"]]
        assert found == list(zip(["echo", "echo#2", "TEST_TOKEN"], tokens, strict=True))
        usable = snapshot.tokens["main"]
        used = {Tokens().choose("main", usable, f"session-{n}", "m", 0.0) for n in range(100)}
        assert len(used) == 3

    run(home, script)


def test_a_secret_that_could_not_be_read_is_tried_again_after_a_while(home: Home) -> None:
    source = home.path / "token.txt"
    home.configure(channel(URL, tokens=[f"command:cat {source}"]))
    clock = Clock(step=0.0)

    async def script(runtime: Runtime) -> None:
        assert set((await runtime.current()).faults) == {"main"}
        source.write_text(TOKEN)
        clock.now += 30
        assert set((await runtime.current()).faults) == {"main"}
        clock.now += 31
        assert set((await runtime.current()).faults) == {"main"}
        await runtime.settled()
        assert values(await runtime.current()) == [TOKEN]

    run(home, script, clock)


def test_one_good_token_of_several_is_enough(home: Home) -> None:
    home.configure(channel(URL, tokens=["env:NOT_SET", "env:TEST_TOKEN"]))

    async def script(runtime: Runtime) -> None:
        snapshot = await runtime.current()
        assert (values(snapshot), snapshot.faults) == ([TOKEN], {})

    run(home, script)


class Vault:
    """A password manager that keeps its callers waiting until it is opened."""

    def __init__(self, folder: Path, name: str = "vault") -> None:
        self._file = folder / name
        self.command = f"command:cat {self._file}"

    def lock(self) -> None:
        os.mkfifo(self._file)

    async def open(self, token: str) -> None:
        """Answer one caller, who may be about to ask."""
        await asyncio.to_thread(self._file.write_text, token)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_no_request_waits_while_a_faulty_secret_is_asked_for_again(home: Home) -> None:
    vault = Vault(home.path)
    home.configure(channel(URL, "late", tokens=[vault.command]), channel(URL))
    clock = Clock(step=0.0)

    async def script(runtime: Runtime) -> None:
        faulty = await runtime.current()
        assert set(faulty.faults) == {"late"}
        vault.lock()
        for _ in range(3):
            clock.now += 61
            assert await runtime.current() is faulty, "and one asks at a time"
        home.configure(channel(URL, "late", tokens=[vault.command]), channel(URL, weight=7))
        clock.now += 1
        changed = await runtime.current()
        assert changed.config.channels[1].weight == 7, "nor does a change wait"
        assert set(changed.faults) == {"late"}
        await vault.open("token")
        await runtime.settled()
        assert values(await runtime.current(), "late") == ["token"]
        assert (await runtime.current()).faults == {}

    run(home, script, clock)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_start_waits_for_all_secrets_at_once_and_not_for_long(home: Home) -> None:
    vaults = [Vault(home.path, f"vault-{number}") for number in range(3)]
    for vault in vaults:
        vault.lock()
    names = [f"late-{number}" for number in range(3)]
    channels = [channel(URL, n, tokens=[v.command]) for n, v in zip(names, vaults, strict=True)]
    home.configure(channel(URL), *channels)

    async def play() -> None:
        runtime = Runtime(home.paths, home.environ, patience=0.1)
        await runtime.start()
        snapshot = await runtime.current()
        assert set(snapshot.faults) == set(names)
        assert "still being asked for" in snapshot.faults["late-0"]
        assert values(snapshot) == [TOKEN]
        for vault in reversed(vaults):
            await vault.open("token")
        await runtime.settled()
        assert (await runtime.current()).faults == {}

    asyncio.run(play())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_daemon_that_ends_waits_for_no_secret(home: Home) -> None:
    vault = Vault(home.path)
    vault.lock()
    home.configure(channel(URL, tokens=[vault.command]))

    async def play() -> None:
        runtime = Runtime(home.paths, home.environ, patience=0.05)
        await runtime.start()
        await runtime.aclose()
        assert set((await runtime.current()).faults) == {"main"}

    asyncio.run(play())
    vault._file.write_text("so that its caller ends")


def test_a_start_is_done_before_a_caller_gives_up() -> None:
    assert START_PATIENCE_S < START_TIMEOUT
