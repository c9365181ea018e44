"""Keeps routing's state on the disk: read at the start, written every few seconds and at the end.

Losing the file costs nothing but what was learned: a file that cannot be read, or is none, is
passed over; one that cannot be written is complained of once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from axonhub_cli import jsonio
from axonhub_cli.config.files import replace_private
from axonhub_cli.config.paths import make_private_dir
from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.state import RoutingState

logger = logging.getLogger("axonhub")

_EVERY_S = 5.0
_LARGEST = 64 * 1024 * 1024


class Keeper:
    def __init__(self, path: Path, state: RoutingState, now: Callable[[], float]) -> None:
        """`now`: epoch seconds."""
        self._path = path
        self.state = state
        self._now = now
        self._saved = state.revision
        self._complained = False
        self._task: asyncio.Task[None] | None = None

    def restore(self) -> None:
        """Take over what an earlier daemon saved."""
        try:
            with open(self._path, "rb") as file:
                self.state.restore(jsonio.decode(file.read(_LARGEST)), self._now())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            logger.warning("%s is not used, routing begins anew: %s", self._path, error)
        self._saved = self.state.revision

    def start(self) -> None:
        """Restore, then save now and then; in the running loop, in which `aclose` is awaited."""
        self.restore()
        self._task = asyncio.get_running_loop().create_task(self._save_now_and_then())

    async def aclose(self) -> None:
        """Save what has changed, for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._save()

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self._save()

    async def _save(self) -> None:
        revision = self.state.revision
        if revision == self._saved:
            return
        self._saved = revision
        try:
            # Taken here, where nothing else changes it; written where nobody waits for the disk.
            await asyncio.to_thread(self._write, self.state.dump(self._now()))
            self._complained = False
        except Exception as error:
            # Whatever it is: at the end, the trace is still to be written.
            if not self._complained:
                self._complained = True
                reason = error.message if isinstance(error, ConfigError) else repr(error)
                logger.warning("routing will not be remembered over a restart: %s", reason)

    def _write(self, dump: dict[str, object]) -> None:
        make_private_dir(self._path.parent)
        replace_private(self._path, jsonio.encode(dump).decode())
