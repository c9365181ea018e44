"""When a quota is first seen, what was used before is read from the trace store, off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from axonhub_cli.config.schema import Config, Quota
from axonhub_cli.proxy.quotas import QuotaBook, Scope
from axonhub_cli.routing.quota import Meter, Past


class QuotaHistory:
    """Keeps a book of quotas in step with the configuration."""

    def __init__(self, book: QuotaBook, trace_db: Path) -> None:
        self._book = book
        self._trace_db = trace_db

    async def follow(self, config: Config) -> None:
        """To be awaited before a request is served by this configuration. Never raises."""
        wanted = self._book.missing(config)
        made = await asyncio.to_thread(self._read, wanted) if wanted else []
        self._book.use(config, wanted, made)

    def _read(self, wanted: Sequence[tuple[Scope, str, Quota]]) -> list[Meter]:
        # Only daemons with quotas read: the reader's imports are not for the others.
        from axonhub_cli.errors import StoreError
        from axonhub_cli.tracing.store import SqliteStore
        from axonhub_cli.tracing.usage_queries import UsageReader

        # After an update the file is an older one's until its writer has opened it.
        store = SqliteStore(self._trace_db)
        with suppress(StoreError):
            store.open()
        store.close()
        try:
            reader = UsageReader(self._trace_db)
        except StoreError:
            return self._book.read_history(wanted, lambda *_: ())

        def load(scope: Scope, name: str, quota: Quota, since: float) -> list[Past]:
            return reader.history(scope, name, per=quota.per, sliding=quota.sliding, since=since)

        try:
            return self._book.read_history(wanted, load)
        finally:
            reader.close()
