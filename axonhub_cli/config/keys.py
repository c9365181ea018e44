"""The keys that clients show us: made here, kept as a secret, known by their hash."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from axonhub_cli.config.schema import Key
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.config.store import ConfigEdit, ConfigStore
from axonhub_cli.errors import ConfigError, SecretError, UsageError

DEFAULT = "default"


def new_key() -> str:
    """A fresh key: `ah-` and 64 hex digits (256 random bits)."""
    return "ah-" + os.urandom(32).hex()


def hash_key(key: str) -> str:
    """What the configuration holds of a key. Unsalted: a key is random, so no list can guess it."""
    import hashlib

    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def create_key(
    store: ConfigStore, secrets: SecretStore, *, name: str, profiles: Sequence[str] = ()
) -> str:
    """Make, keep and return a key; the first profile becomes the active one.

    Raises `UsageError` when the name is taken, `ConfigError` for an unknown profile, `SecretError`
    when no backend keeps it. Nothing stays behind then.
    """
    with store.edit() as edit:
        return add_key(edit, secrets, name=name, profiles=profiles)


def rotate_key(store: ConfigStore, secrets: SecretStore, *, name: str) -> str:
    """Replace a key by a new one; the old one is refused from the next request on."""
    with store.edit() as edit:
        old = _require(edit.config.key(name), name)
        key = new_key()
        ref = secrets.keep(f"key/{name}", key, edit=edit)
        edit.update("keys", name, {"hash": hash_key(key), "secret": ref})
        if old.secret is not None:
            secrets.forget(old.secret, edit=edit)
    return key


def remove_key(store: ConfigStore, secrets: SecretStore, *, name: str) -> None:
    """Remove a key and its secret."""
    with store.edit() as edit:
        old = _require(edit.config.key(name), name)
        edit.remove("keys", name)
        if old.secret is not None:
            secrets.forget(old.secret, edit=edit)


def reveal_key(key: Key, secrets: SecretStore) -> str:
    """The key itself. Raises `SecretError` when only its hash is known here."""
    hint = f"`axonhub key rotate {key.name}` makes a new one"
    if key.secret is None:
        raise SecretError(f"only the hash of key {key.name!r} is known here", hint=hint)
    value = secrets.resolve(key.secret).reveal()
    if hash_key(value) != key.hash:
        raise SecretError(
            f"the stored key {key.name!r} is not the one of the configuration", hint=hint
        )
    return value


def ensure_key(store: ConfigStore, environ: Mapping[str, str], *, name: str = DEFAULT) -> str:
    """The key `name`, for printing; the key `default` is made when it is not there.

    The usual case takes no lock and writes nothing. Raises `UsageError` for another name that is
    not there, `ConfigError` for a disabled key, `SecretError`.
    """
    config = store.read()
    secrets = SecretStore(store.paths, config, environ)
    key = config.key(name)
    if key is None and name == DEFAULT:
        with store.edit() as edit:
            # Another shell may have made it since.
            key = edit.config.key(name)
            if key is None:
                return add_key(edit, secrets, name=name)
    key = _require(key, name)
    if not key.enabled:
        raise ConfigError(f"key {name!r} is disabled", hint=f"`axonhub key enable {name}`")
    return reveal_key(key, secrets)


def add_key(
    edit: ConfigEdit, secrets: SecretStore, *, name: str, profiles: Sequence[str] = ()
) -> str:
    """`create_key` as a part of an edit under way."""
    key = new_key()
    if edit.config.key(name) is not None:
        raise UsageError(
            f"there is a key {name!r} already", hint=f"`axonhub key rotate {name}` renews it"
        )
    edit.append(
        "keys",
        {
            "name": name,
            "hash": hash_key(key),
            "secret": secrets.keep(f"key/{name}", key, edit=edit),
            "profiles": list(profiles) or None,
            "active_profile": profiles[0] if profiles else None,
        },
    )
    return key


def _require(key: Key | None, name: str) -> Key:
    if key is None:
        raise UsageError(f"there is no key {name!r}", hint="`axonhub key list` shows what there is")
    return key
