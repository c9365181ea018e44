"""Secrets in a real keyring: gnome-keyring, as a Linux desktop has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.desktop import Desktop

pytestmark = pytest.mark.keyring_service

HEAD = """\
import os, keyring
from axonhub_cli.config import keys
from axonhub_cli.config.paths import find_paths
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.config.store import ConfigStore

store = ConfigStore(find_paths(os.environ), os.environ)
secrets = SecretStore(store.paths, store.read(), os.environ)
"""


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path)


def test_a_token_is_added_read_rotated_and_removed(desktop: Desktop) -> None:
    token, rotated = "token-" + "x" * 20, "token-" + "y" * 3000
    added = desktop.python(f"""{HEAD}
assert type(keyring.get_keyring()).__module__ == "keyring.backends.SecretService"
with store.edit() as edit:
    ref = secrets.keep("channel/a", {token!r}, edit=edit)
    edit.append("channels", {{"name": "a", "type": "anthropic", "tokens": [ref]}})
print(ref)
""").strip()
    assert added.startswith("keyring:channel/a/")

    # Another process, another session bus, and a keyring that was locked in between.
    new = desktop.python(f"""{HEAD}
[ref] = store.read().channels[0].tokens
assert ref == {added!r} and secrets.resolve(ref).reveal() == {token!r}
with store.edit() as edit:
    new = secrets.keep("channel/a", {rotated!r}, edit=edit)
    edit.update("channels", "a", {{"tokens": [new]}})
    secrets.forget(ref, edit=edit)
print(new)
""").strip()
    assert new != added

    left = desktop.python(f"""{HEAD}
service = store.read().secrets.service
assert secrets.resolve({new!r}).reveal() == {rotated!r}
assert keyring.get_password(service, {added!r}.removeprefix("keyring:")) is None
with store.edit() as edit:
    edit.remove("channels", "a")
    secrets.forget({new!r}, edit=edit)
print(keyring.get_credential(service, None))
""").strip()
    assert left == "None"
    assert token.encode() not in desktop.stored()
    assert rotated.encode() not in desktop.stored()


def test_the_default_key_is_kept_in_the_keyring(desktop: Desktop) -> None:
    script = f"{HEAD}print(keys.ensure_key(store, os.environ))"
    key = desktop.python(script)
    assert desktop.python(script) == key
    assert key.strip().encode() not in desktop.stored()


def test_two_homes_do_not_share_a_keyring_service(desktop: Desktop) -> None:
    script = f"{HEAD}keys.ensure_key(store, os.environ)\nprint(store.read().secrets.service)"
    first = desktop.python(script)
    desktop.environ["AXONHUB_HOME"] += "-2"
    assert desktop.python(script) != first


def test_the_command_line_keeps_tokens_in_the_keyring(desktop: Desktop) -> None:
    first, second = "token-" + "x" * 20, "token-" + "y" * 20
    desktop.axonhub(
        "channel", "add", "a", "--type", "anthropic", "--token-stdin", "--no-test", stdin=first
    )
    desktop.axonhub("channel", "token", "a", "--add", "next", "--token-stdin", stdin=second)
    assert desktop.entries() == {first, second}
    desktop.axonhub("channel", "token", "a", "--remove", "1")
    assert desktop.entries() == {second}
    desktop.axonhub("channel", "remove", "a", "--yes")
    assert desktop.entries() == set()


def test_the_command_line_keeps_keys_in_the_keyring(desktop: Desktop) -> None:
    key = desktop.json("env")["ANTHROPIC_AUTH_TOKEN"]
    assert desktop.entries() == {key}
    assert desktop.json("env")["ANTHROPIC_AUTH_TOKEN"] == key
    desktop.axonhub("key", "rotate", "default")
    [rotated] = desktop.entries()
    assert rotated != key
    assert desktop.json("env")["ANTHROPIC_AUTH_TOKEN"] == rotated
    desktop.axonhub("key", "remove", "default", "--yes")
    assert desktop.entries() == set()
