"""After "prompt is too long": which of the candidates that are left have a larger context?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.upcoming import Upcoming


async def keep_larger(
    context: Callable[[str, str], int | None] | None, candidate: Candidate, upcoming: Upcoming
) -> bool:
    """Leave only those in `upcoming` whose context is known to be larger; False, and all are left,
    when there is none. `context` may block: it is asked off the loop."""
    left = upcoming.candidates
    if context is None or not left:
        return False

    def look() -> list[int | None]:
        return [context(c.channel.name, c.upstream_model) for c in (candidate, *left)]

    own, *others = await asyncio.to_thread(look)
    if own is None:
        return False
    larger = [c for c, size in zip(left, others, strict=True) if size is not None and size > own]
    if larger:
        upcoming.keep(larger)
    return bool(larger)
