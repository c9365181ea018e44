import asyncio
import threading

from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.live import MOST_WAITING, Feed, row_of
from tests.tracing.records import attempt, context, record


def test_an_entry_is_told_as_the_store_will_give_it_back() -> None:
    made = record("r1", losses=[{"path": "a", "reason": "b"}])
    row = row_of(finished_entry(made, context(), stored=False))
    assert (row.id, row.trace_id, row.status, row.tokens.output) == ("r1", "s1", "completed", 5)
    assert (row.losses, row.attempts[0].channel) == (({"path": "a", "reason": "b"},), "main")
    assert row.attempts[0].tokens.output == 5


def test_who_listens_is_told_of_beginnings_and_of_ends_from_another_thread() -> None:
    async def run() -> list[object]:
        feed = Feed()
        listener = feed.listen()
        made = record("r1", model="sk-" + "x" * 30, attempts=[attempt()])
        feed.started(made)
        entry = finished_entry(made, context(), stored=False)
        thread = threading.Thread(target=feed.finished, args=[entry])
        thread.start()
        told = [await listener.take(), await listener.take()]
        thread.join()
        feed.leave(listener)
        feed.started(made)
        feed.close()
        return [*told, await feed.listen().take()]

    started, finished, end = asyncio.run(run())
    assert isinstance(started, dict)
    assert isinstance(finished, dict)
    assert (started["event"], started["id"], started["model"]) == ("started", "r1", "***")
    assert (finished["event"], finished["http_status"]) == ("finished", 200)
    assert end is None


def test_who_is_too_slow_is_told_how_much_was_missed() -> None:
    async def run() -> list[object]:
        feed = Feed()
        listener = feed.listen()
        for _ in range(MOST_WAITING + 3):
            feed.started(record("r1"))
        for _ in range(MOST_WAITING):
            await listener.take()
        missed = await listener.take()
        for _ in range(MOST_WAITING):
            feed.started(record("r1"))
        feed.close()
        for _ in range(MOST_WAITING - 1):
            await listener.take()
        return [missed, await listener.take()]

    missed, end = asyncio.run(run())
    assert missed == {"event": "missed", "count": 3}
    assert end is None
