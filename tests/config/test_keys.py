from __future__ import annotations

import re

import pytest

from axonhub_cli.config.keys import (
    create_key,
    ensure_key,
    hash_key,
    new_key,
    remove_key,
    reveal_key,
    rotate_key,
)
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Key
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.config.store import ConfigStore
from axonhub_cli.errors import ConfigError, SecretError, UsageError
from tests.config import children


@pytest.fixture
def secrets(store: ConfigStore) -> SecretStore:
    return SecretStore(store.paths, store.read(), store.environ)


def key_of(store: ConfigStore, name: str) -> Key:
    key = store.read().key(name)
    assert key is not None
    return key


def test_a_key_is_recognisable_and_random() -> None:
    assert re.fullmatch("ah-[0-9a-f]{64}", new_key())
    assert len({new_key() for _ in range(10)}) == 10


def test_a_hash_is_told_by_its_kind() -> None:
    assert hash_key("ah-0") == (
        "sha256:ae45f0e9dbd9a52e3a1e1d9e5d04e28e68daffbbe967a427c33712ea00773378"
    )


def test_a_created_key_is_kept_and_only_its_hash_is_in_the_configuration(
    store: ConfigStore, secrets: SecretStore, paths: Paths
) -> None:
    with store.edit() as edit:
        edit.append("profiles", {"name": "p"})
        edit.append("profiles", {"name": "q"})
    value = create_key(store, secrets, name="k", profiles=["q", "p"])
    key = key_of(store, "k")
    assert (key.profiles, key.active_profile, key.hash) == (("q", "p"), "q", hash_key(value))
    assert value not in paths.config_file.read_text()
    assert reveal_key(key, secrets) == value


def test_a_key_that_cannot_be_created_leaves_nothing_behind(
    store: ConfigStore, secrets: SecretStore, paths: Paths
) -> None:
    create_key(store, secrets, name="k")
    before = (paths.config_file.read_text(), paths.secrets_file.read_text())
    with pytest.raises(UsageError, match="there is a key 'k' already") as caught:
        create_key(store, secrets, name="k")
    assert "axonhub key rotate k" in str(caught.value.hint)
    with pytest.raises(ConfigError, match="there is no profile 'none'"):
        create_key(store, secrets, name="other", profiles=["none"])
    with pytest.raises(ConfigError, match="is not a name"):
        create_key(store, secrets, name="two words")
    assert (paths.config_file.read_text(), paths.secrets_file.read_text()) == before


def test_a_rotated_key_replaces_the_old_one(
    store: ConfigStore, secrets: SecretStore, paths: Paths
) -> None:
    old = create_key(store, secrets, name="k")
    new = rotate_key(store, secrets, name="k")
    assert new != old
    assert reveal_key(key_of(store, "k"), secrets) == new
    assert old not in paths.secrets_file.read_text()


def test_a_removed_key_takes_its_secret_along(
    store: ConfigStore, secrets: SecretStore, paths: Paths
) -> None:
    value = create_key(store, secrets, name="k")
    remove_key(store, secrets, name="k")
    assert store.read().keys == ()
    assert value not in paths.secrets_file.read_text()


def test_a_key_that_is_not_there_is_told(store: ConfigStore, secrets: SecretStore) -> None:
    for step in (rotate_key, remove_key):
        with pytest.raises(UsageError, match="there is no key 'k'"):
            step(store, secrets, name="k")
    with pytest.raises(UsageError, match="there is no key 'k'"):
        ensure_key(store, store.environ, name="k")


def test_the_default_key_is_made_once(store: ConfigStore, paths: Paths) -> None:
    first = ensure_key(store, store.environ)
    written = paths.config_file.stat()
    assert ensure_key(store, store.environ) == first
    assert [key.name for key in store.read().keys] == ["default"]
    assert paths.config_file.stat() == written


def test_a_disabled_key_is_not_handed_out(store: ConfigStore) -> None:
    ensure_key(store, store.environ)
    with store.edit() as edit:
        edit.update("keys", "default", {"enabled": False})
    with pytest.raises(ConfigError, match="'default' is disabled") as caught:
        ensure_key(store, store.environ)
    assert "axonhub key enable default" in str(caught.value.hint)


def test_a_key_known_by_its_hash_alone_can_only_be_rotated(
    store: ConfigStore, secrets: SecretStore
) -> None:
    with pytest.raises(SecretError, match="only the hash of key 'k' is known here") as caught:
        reveal_key(Key(name="k", hash=hash_key("ah-1")), secrets)
    assert "axonhub key rotate k" in str(caught.value.hint)


def test_a_stored_key_that_is_another_one_is_not_handed_out(
    store: ConfigStore, secrets: SecretStore
) -> None:
    ref = secrets.keep("key/k", "ah-2", edit=None)
    with pytest.raises(SecretError, match="is not the one of the configuration"):
        reveal_key(Key(name="k", hash=hash_key("ah-1"), secret=ref), secrets)


def test_two_shells_at_once_get_the_same_default_key(environ: dict[str, str]) -> None:
    script = """
from axonhub_cli.config.keys import ensure_key
print(ensure_key(ConfigStore(find_paths(os.environ), os.environ), os.environ))
"""
    shells = [children.start(script, environ) for _ in range(5)]
    printed = {shell.communicate(timeout=15) for shell in shells}
    assert len(printed) == 1, printed
