"""See that the list of prices is there before the first request, rather than during it.

Making it takes a process of its own for half a second, once for each version of the package. The
trace writer would have to wait for it, and what came meanwhile would pile up.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from axonhub_cli.pricing.prices import Pricer

PATIENCE_S = 3.0
"""Where it takes longer (prices are to be fetched, say), requests are served meanwhile."""


async def prepare(pricer: Pricer) -> None:
    """Return when prices can be told, or after a while."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        pricer.prepare()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ready.set)

    # Not the loop's executor: a daemon that stops would wait for it.
    threading.Thread(target=work, name="axonhub-prices", daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await ready.wait()
