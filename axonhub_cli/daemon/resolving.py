"""Reads secrets in threads of their own: a hanging password manager holds up nobody but itself.

A locked keyring takes 10 s to give up, a command 30. So they are asked all at once, waited for a
little, and what comes later is told later. What failed is remembered until it is asked `again`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable

from axonhub_cli.config.secrets import Secret, SecretStore
from axonhub_cli.errors import SecretError

Outcome = Secret | SecretError

_SLOW = ("keyring:", "command:")


class Resolver:
    """What came of each reference. To be used inside one running loop."""

    def __init__(self) -> None:
        self._failures: dict[str, SecretError] = {}
        self._running: dict[str, asyncio.Future[None]] = {}
        self._news = asyncio.Event()

    @property
    def running(self) -> bool:
        """Is anything still being asked for?"""
        return bool(self._running)

    async def read(
        self, store: SecretStore, references: Iterable[str], *, patience: float
    ) -> dict[str, Outcome]:
        """Ask for what is not known yet, and wait at most `patience` seconds for it.

        A slow one that failed before keeps its failure. Forgets what is not among `references`.
        """
        wanted = list(dict.fromkeys(references))
        self._failures = {ref: self._failures[ref] for ref in wanted if ref in self._failures}
        new = [ref for ref in wanted if self._is_new(store, ref)]
        self._ask(store, new)
        if awaited := [self._running[ref] for ref in wanted if self._awaits(ref)]:
            await asyncio.wait(awaited, timeout=patience)
        return {ref: self._outcome(store, ref) for ref in wanted}

    def again(self, store: SecretStore) -> bool:
        """Ask once more for what failed; False where nothing did."""
        failed = [ref for ref in self._failures if ref not in self._running]
        self._ask(store, failed)
        return bool(failed)

    def failed(self) -> bool:
        """Did a slow one fail, so that asking again may help?"""
        return bool(self._failures)

    async def progress(self) -> None:
        """Return when an outcome has come since the last call."""
        await self._news.wait()
        self._news.clear()

    def _is_new(self, store: SecretStore, ref: str) -> bool:
        if not ref.startswith(_SLOW) or store.known(ref) is not None:
            return False
        return ref not in self._failures and ref not in self._running

    def _awaits(self, ref: str) -> bool:
        """Nothing is known of it, not even that it failed before."""
        return ref in self._running and ref not in self._failures

    def _outcome(self, store: SecretStore, ref: str) -> Outcome:
        if (secret := store.known(ref)) is not None:
            return secret
        if ref.startswith(_SLOW):
            return self._failures.get(ref) or SecretError("it is still being asked for")
        try:
            return store.resolve(ref)
        except SecretError as error:
            return error

    def _ask(self, store: SecretStore, references: list[str]) -> None:
        loop = asyncio.get_running_loop()
        # A locked keyring asks its person once: its entries are read one after another.
        keyring = [ref for ref in references if ref.startswith("keyring:")]
        groups = [[ref] for ref in references if not ref.startswith("keyring:")]
        for group in [*groups, keyring] if keyring else groups:
            for ref in group:
                self._running[ref] = loop.create_future()
            # A daemon thread: one that hangs must not keep the process from ending.
            threading.Thread(
                target=self._run, args=(loop, store, group), name="secrets", daemon=True
            ).start()

    def _run(self, loop: asyncio.AbstractEventLoop, store: SecretStore, group: list[str]) -> None:
        for ref in group:
            failure: SecretError | None = None
            try:
                store.resolve(ref)
            except SecretError as error:
                failure = error
            except Exception as error:  # only its kind: its words are not ours to vouch for
                failure = SecretError(f"it cannot be read: {type(error).__name__}")
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._came, ref, failure)

    def _came(self, ref: str, failure: SecretError | None) -> None:
        if failure is None:
            self._failures.pop(ref, None)
        else:
            self._failures[ref] = failure
        self._running.pop(ref).set_result(None)
        self._news.set()
