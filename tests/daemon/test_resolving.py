"""Secrets read beside the loop: what is known at once, what is remembered, what is asked again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend

from axonhub_cli.config.schema import Config, Secrets
from axonhub_cli.config.secrets import Secret, SecretStore
from axonhub_cli.daemon.resolving import Outcome, Resolver
from axonhub_cli.errors import SecretError
from tests.support.home import TOKEN, Home


def store_of(home: Home) -> SecretStore:
    settings = Secrets(backend="keyring", service="axonhub:test")
    return SecretStore(home.paths, Config(secrets=settings), home.environ)


async def read(resolver: Resolver, store: SecretStore, *references: str) -> list[Outcome]:
    outcomes = await resolver.read(store, references, patience=15)
    return [outcomes[reference] for reference in references]


def test_every_form_is_read_and_a_failure_stands_for_its_reference_alone(home: Home) -> None:
    async def story() -> None:
        variable, printed, failed, missing = await read(
            Resolver(),
            store_of(home),
            "env:TEST_TOKEN",
            "command:echo x",
            "command:false",
            "env:NO",
        )
        assert (variable, printed) == (Secret(TOKEN), Secret("x"))
        assert isinstance(failed, SecretError)
        assert isinstance(missing, SecretError)

    asyncio.run(story())


def test_a_failure_stays_until_it_is_asked_for_again(home: Home) -> None:
    vault = home.path / "vault"
    reference = f"command:cat {vault}"

    async def story() -> None:
        resolver, store = Resolver(), store_of(home)
        assert not resolver.failed()
        await read(resolver, store, reference)
        vault.write_text("token")
        assert isinstance((await read(resolver, store, reference))[0], SecretError)
        assert resolver.failed()
        assert resolver.again(store)
        assert not resolver.again(store), "it is on its way"
        while resolver.running:
            await resolver.progress()
        assert await read(resolver, store, reference) == [Secret("token")]
        assert not resolver.failed()

    asyncio.run(story())


def test_what_is_no_longer_configured_is_not_asked_for_again(home: Home) -> None:
    async def story() -> None:
        resolver, store = Resolver(), store_of(home)
        await read(resolver, store, "command:false")
        await read(resolver, store, "env:TEST_TOKEN")
        assert not resolver.again(store)

    asyncio.run(story())


class Turnstile(KeyringBackend):
    """Fails whoever asks while another one does."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.inside = 0
        self.never = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.inside += 1
        try:
            # Long enough for another one to come, were there another one.
            return None if self.never.wait(0.05) or self.inside > 1 else "secret"
        finally:
            self.inside -= 1

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture
def turnstile() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Turnstile())
    yield
    keyring.set_keyring(before)


def test_a_keyring_is_asked_for_one_entry_after_another(home: Home, turnstile: None) -> None:
    """A locked one shows its person one dialog."""

    async def story() -> None:
        found = await read(Resolver(), store_of(home), "keyring:a", "keyring:b", "keyring:c")
        assert found == [Secret("secret")] * 3

    asyncio.run(story())


class Exploding(SecretStore):
    def resolve(self, ref: str) -> Secret:
        raise OSError("no more processes")


def test_whatever_goes_wrong_in_a_thread_is_a_failure_like_others(home: Home) -> None:
    async def story() -> None:
        store = Exploding(home.paths, Config(), home.environ)
        (found,) = await read(Resolver(), store, "command:echo x")
        assert isinstance(found, SecretError)
        assert found.message == "it cannot be read: OSError"

    asyncio.run(story())
