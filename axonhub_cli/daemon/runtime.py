"""The configuration of a running daemon: looked at with each request, swapped when it changed.

A request keeps the snapshot it began with. A file that cannot be read leaves the last good
configuration in place, with the error in `config_error`. No request waits long for a secret: one
that does not come soon is a fault of its channel until it has come.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from axonhub_cli.config.labels import labels_of
from axonhub_cli.config.load import load
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.config.secrets import Secret, SecretStore
from axonhub_cli.config.store import Fingerprint, fingerprint
from axonhub_cli.daemon.resolving import Outcome, Resolver
from axonhub_cli.daemon.url_secrets import secrets_in_urls
from axonhub_cli.errors import ConfigError, SecretError
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.snapshot import Snapshot, Token, limits_of

logger = logging.getLogger("axonhub")

_LOOK_EVERY_S = 0.005
_ASK_AGAIN_S = 30.0
_RETRY_FAULTS_S = 60.0
START_PATIENCE_S = 12.0
"""Seconds that a start waits for its secrets: `background.START_TIMEOUT` must not pass over it."""
_RELOAD_PATIENCE_S = 5.0


class Runtime:
    """Gives each request its snapshot."""

    def __init__(
        self,
        paths: Paths,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = START_PATIENCE_S,
    ) -> None:
        self._clock = clock
        self._paths = paths
        self._environ = environ
        self._patience = patience
        self._seen: Fingerprint | None = None
        self._lock = asyncio.Lock()
        self._look_at = 0.0
        self._retry_at = 0.0
        self._asked_again_at = -_ASK_AGAIN_S
        self._resolver = Resolver()
        self._following: asyncio.Task[None] | None = None
        self._told: frozenset[str] = frozenset()
        self._in_urls: tuple[str, ...] = ()
        self.secrets: SecretStore | None = None
        self.snapshot = Snapshot(config=Config())
        self.config_error: str | None = None
        self.prepare: Callable[[Config], Awaitable[None]] = _nothing
        """Awaited with each new configuration, before a request is served by it."""
        self.reloaded: Callable[[Config], None] = lambda config: None
        """Told of each configuration after the first."""

    async def start(self) -> None:
        """Read the configuration for the first time. Raises `ConfigError`."""
        self._seen = fingerprint(self._paths)
        await self._load(self._patience)

    async def aclose(self) -> None:
        """Wait for no secret any longer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def settled(self) -> None:
        """Return when every secret that is being asked for has come, or failed to."""
        if self._following is not None:
            await asyncio.wait([self._following])

    async def current(self) -> Snapshot:
        """The snapshot for a request that begins now.

        Under load the files are looked at every few milliseconds only, less than the command that
        changed them takes to end.
        """
        now = self._clock()
        if now < self._look_at and self._seen is not None:
            return self.snapshot
        self._look_at = now + _LOOK_EVERY_S
        if fingerprint(self._paths) != self._seen:
            async with self._lock:
                await self._reload()
        elif now >= self._retry_at and self._resolver.failed():
            # A keyring that was locked, a password manager that was not running.
            self._retry_at = now + _RETRY_FAULTS_S
            assert self.secrets is not None
            if self._resolver.again(self.secrets):
                self._follow()
        return self.snapshot

    def refused(self, reference: str) -> None:
        """An upstream refused this secret: what a password manager gave may have been renewed, so
        its command is run again with the next request, though not more than twice a minute."""
        now = self._clock()
        if not reference.startswith("command:") or now < self._asked_again_at + _ASK_AGAIN_S:
            return
        self._asked_again_at = now
        if self.secrets is not None:
            self.secrets.invalidate(reference)
        self._seen = None

    def known_secrets(self) -> list[str]:
        """Every secret value in use, so that the trace can keep them out."""
        told = self.secrets.known_values() if self.secrets is not None else []
        return [*told, *self._in_urls]

    async def _reload(self) -> None:
        seen = fingerprint(self._paths)
        if seen == self._seen:
            return
        try:
            await self._load(min(self._patience, _RELOAD_PATIENCE_S))
            self.config_error = None
            self.reloaded(self.snapshot.config)
            logger.info("configuration reloaded")
        except ConfigError as error:
            self.config_error = error.message
            logger.error("the changed configuration is not used: %s", error.message)
        self._seen = seen

    async def _load(self, patience: float) -> None:
        config = load(self._paths, self._environ)
        # What was read stays read: a reload must not make a password manager ask again.
        self.secrets = (
            self.secrets.with_config(config)
            if self.secrets is not None
            else SecretStore(self._paths, config, self._environ)
        )
        self._in_urls = secrets_in_urls(config)
        self._retry_at = self._clock() + _RETRY_FAULTS_S
        await self.prepare(config)
        await self._read(config, patience)
        if self._resolver.running:
            self._follow()

    async def _read(self, config: Config, patience: float) -> None:
        """The snapshot of this configuration, with the secrets that come in time."""
        assert self.secrets is not None
        enabled = [channel for channel in config.channels if channel.enabled]
        references = [ref for channel in enabled for ref in channel.tokens]
        outcomes = await self._resolver.read(self.secrets, references, patience=patience)
        tokens: dict[str, tuple[Token, ...]] = {}
        faults: dict[str, str] = {}
        told: list[str] = []
        for channel in enabled:
            try:
                tokens[channel.name] = _tokens(channel, outcomes, told)
            except SecretError as error:
                faults[channel.name] = f"has no usable token ({error.message})"
        for line in told:
            if line not in self._told:
                logger.warning("%s", line)
        self._told = frozenset(told)
        self.snapshot = Snapshot(
            config=config,
            keys={key.hash: key for key in config.keys},
            tokens=tokens,
            limits={c.name: limits_of(config.server, c) for c in config.channels},
            faults=faults,
        )

    def _follow(self) -> None:
        """Use what comes later when it comes; one task, held here."""
        if self._following is None or self._following.done():
            self._following = asyncio.get_running_loop().create_task(self._use_what_comes())

    async def _use_what_comes(self) -> None:
        while self._resolver.running:
            await self._resolver.progress()
            async with self._lock:
                await self._read(self.snapshot.config, 0.0)


def _tokens(
    channel: Channel, outcomes: Mapping[str, Outcome], told: list[str]
) -> tuple[Token, ...]:
    """The channel's usable tokens; `told` gets a line for each other one. Raises `SecretError`."""
    provider = PROVIDERS[channel.type]
    tokenless = provider.token_form == "none" or provider.token_optional
    if not channel.tokens and channel.base_url is None and not tokenless:
        raise SecretError("no token is configured")
    tokens: list[Token] = []
    failure: SecretError | None = None
    for label, ref in zip(labels_of(channel.tokens), channel.tokens, strict=True):
        outcome = outcomes[ref]
        if isinstance(outcome, Secret):
            tokens.append(Token(label, outcome, ref))
        else:
            failure = outcome
            told.append(f"token {label} of channel {channel.name}: {outcome.message}")
    if failure is not None and not tokens:
        raise SecretError(failure.message, hint=failure.hint)
    return tuple(tokens)


async def _nothing(config: Config) -> None:
    """Nothing has to be done for it."""
