"""Places in channels: who enters, who waits, who goes elsewhere, and that none is ever lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel, Config, Key
from axonhub_cli.errors import ChannelBusy, UpstreamStatus
from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.admission import ChannelPlaces, Timer
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.services import UNLIMITED, Asking
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.spent import Spent

BODY = b'{"model": "m", "messages": []}'
ESTIMATE = len(BODY) // 4 + 1000
WIRE = PROTOCOLS["anthropic"]


def channel(name: str = "a", **limits: Any) -> Channel:
    return Channel(name=name, type="echo", **limits)


def asking(
    target: Channel,
    *,
    key: str = "key",
    session: str = "s",
    others: Sequence[Channel] = (),
    holds_cache: bool = False,
    operation: str = "generate",
) -> Asking:
    route = next(r for r in WIRE.routes if r.operation == operation)
    call = ClientCall(
        protocol=WIRE,
        route=route,
        query="",
        headers=[],
        body=BODY,
        key=Key(key, "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config()),
    )
    return Asking(
        call,
        _candidate(target),
        RequestRecord(id="r", at=0.0),
        AttemptRecord(target.name, "m", "anthropic"),
        session,
        lambda: [_candidate(other) for other in others],
        holds_cache,
    )


def _candidate(target: Channel) -> Candidate:
    return Candidate(target, "m", "anthropic", "echo:")


class Stage:
    """Requests that hold their places until they are told to end."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.places = ChannelPlaces(lambda: self.now, self._call_later)
        self.inside: list[str] = []
        """The names of those that are in, in the order in which they entered."""
        self.refused: dict[str, ChannelBusy] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _call_later(self, wait: float, work: Callable[[], None]) -> Timer:
        """Beside the clock of the test: `tick` is when it is due."""
        timer = (wait, work)
        self.timers.append(timer)

        class Handle:
            def cancel(handle) -> None:
                if timer in self.timers:
                    self.timers.remove(timer)

        return Handle()

    async def tick(self) -> None:
        """The time of the next timer has come."""
        wait, work = self.timers.pop(0)
        self.now += wait
        work()
        await settle()

    async def come(self, name: str, target: Channel, **more: Any) -> None:
        self._ends[name] = asyncio.Event()
        coming = self._request(name, asking(target, **more))
        self._tasks[name] = asyncio.get_running_loop().create_task(coming)
        await settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await settle()

    async def leave(self, name: str) -> None:
        """The client goes away."""
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])
        await settle()

    def cancel(self, name: str) -> None:
        """The same, and nobody looks yet."""
        self._tasks[name].cancel()

    def finish(self, name: str) -> None:
        self._ends[name].set()

    async def end_all(self) -> None:
        for event in self._ends.values():
            event.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks.values(), return_exceptions=True), 10)

    @property
    def used(self) -> dict[str, tuple[int, int]]:
        """By channel: how many are in, and how many wait."""
        return {name: (used[0], used[3]) for name, used in self.places.used().items()}

    async def _request(self, name: str, wish: Asking) -> None:
        try:
            async with self.places.place(wish):
                self.inside.append(name)
                try:
                    await self._ends[name].wait()
                finally:
                    self.inside.remove(name)
        except ChannelBusy as busy:
            self.refused[name] = busy


async def settle() -> None:
    """Let everybody go as far as he can."""
    for _ in range(8):
        await asyncio.sleep(0)


def play(story: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        stage = Stage()
        try:
            await story(stage)
        finally:
            await stage.end_all()
        assert all(count == (0, 0) for count in stage.used.values())

    asyncio.run(whole())


def test_a_channel_without_limits_and_a_count_of_tokens_need_no_place() -> None:
    places = ChannelPlaces(lambda: 0.0)
    assert places.place(asking(channel())) is UNLIMITED
    counting = asking(channel(concurrency=1), operation="count_tokens")
    assert places.place(counting) is UNLIMITED
    assert places.used() == {}


def test_no_more_are_in_than_may_be_and_the_next_enters_when_one_leaves() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=2)
        for name in "xyz":
            await stage.come(name, a)
        assert stage.inside == ["x", "y"]
        await stage.end("x")
        assert stage.inside == ["y", "z"]

    play(story)


def test_a_flood_of_one_key_or_session_delays_the_others_by_one_turn() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1)
        await stage.come("first", a)
        for number in range(4):
            await stage.come(f"flood-{number}", a, key="flood")
        await stage.come("agent", a, session="subagents")
        await stage.come("other", a, key="other")
        order = []
        for _ in range(6):
            await stage.end(stage.inside[0])
            order += stage.inside
        assert order == ["flood-0", "agent", "other", "flood-1", "flood-2", "flood-3"]

    play(story)


def test_another_channel_that_has_room_is_asked_at_once() -> None:
    async def story(stage: Stage) -> None:
        a, b, plain = channel(concurrency=1), channel("b", concurrency=1), channel("plain")
        await stage.come("x", a)
        for name, other in (("y", b), ("z", plain)):
            await stage.come(name, a, others=[other])
            assert stage.refused[name].message == (
                "is at capacity (1 of 1 requests at once; another channel has room)"
            )

    play(story)


def test_when_all_are_full_whichever_is_free_first_is_taken() -> None:
    async def story(stage: Stage) -> None:
        a, b = channel(concurrency=1), channel("b", concurrency=1)
        await stage.come("in a", a)
        await stage.come("in b", b)
        await stage.come("x", a, others=[b])
        await stage.come("y", a, others=[b])
        assert stage.used == {"a": (1, 2), "b": (1, 0)}
        await stage.end("in b")
        assert "another channel has room" in stage.refused["x"].message
        assert stage.used == {"a": (1, 1), "b": (0, 0)}
        await stage.end("in a")
        assert stage.inside == ["y"]

    play(story)


def test_one_that_waits_in_the_channel_goes_before_one_from_elsewhere() -> None:
    async def story(stage: Stage) -> None:
        a, b = channel(concurrency=1), channel("b", concurrency=1)
        await stage.come("in a", a)
        await stage.come("in b", b)
        await stage.come("x", a, others=[b])
        await stage.come("y", b)
        await stage.end("in b")
        assert stage.inside == ["in a", "y"]

    play(story)


def test_a_session_waits_a_little_for_the_channel_that_holds_its_cache() -> None:
    async def story(stage: Stage) -> None:
        a, b = channel(concurrency=1), channel("b")
        await stage.come("x", a)
        await stage.come("early", a, others=[b], holds_cache=True)
        assert "early" in stage.refused, "nobody knows yet how long it takes"
        stage.now += 1
        await stage.end("x")
        await stage.come("y", a)
        await stage.come("stays", a, others=[b], holds_cache=True)
        await stage.come("goes", a, others=[b], holds_cache=False)
        assert list(stage.refused) == ["early", "goes"]
        await stage.end("y")
        assert stage.inside == ["stays"]
        stage.now += 60
        await stage.end("stays")
        await stage.come("z", a)
        await stage.come("too long", a, others=[b], holds_cache=True)
        assert "too long" in stage.refused

    play(story)


def test_a_full_queue_and_a_queue_of_none_refuse_at_once() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1, queue=1)
        for name in "xyz":
            await stage.come(name, a)
        assert stage.refused["z"].message == "is at capacity (1 of 1 requests at once; 1 more wait)"
        await stage.come("v", channel("b", concurrency=1, queue=0))
        await stage.come("w", channel("b", concurrency=1, queue=0))
        message = "is at capacity (1 of 1 requests at once; none may wait)"
        assert stage.refused["w"].message == message

    play(story)


def test_nobody_waits_for_longer_than_the_queues_timeout() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1, queue_timeout="1ms")
        await stage.come("x", a)
        with pytest.raises(ChannelBusy, match=r"waited 0\.001 s"):
            async with stage.places.place(asking(a)):
                pass
        assert stage.used == {"a": (1, 0)}

    play(story)


def test_requests_of_a_minute_are_waited_for_and_said_when() -> None:
    async def story(stage: Stage) -> None:
        a = channel(rpm=1, queue=0)
        await stage.come("x", a)
        await stage.end("x")
        stage.now += 20
        await stage.come("y", a)
        assert stage.refused["y"].retry_after == 40
        stage.now += 40
        await stage.come("z", a)
        assert stage.inside == ["z"]

    play(story)


def test_the_clock_lets_the_next_one_in() -> None:
    async def story(stage: Stage) -> None:
        a = channel(rpm=1)
        await stage.come("x", a)
        await stage.end("x")
        await stage.come("y", a)
        await stage.come("z", a)
        assert [wait for wait, _ in stage.timers] == [60.0]
        await stage.tick()
        assert stage.inside == ["y"]
        await stage.tick()
        assert stage.inside == ["y", "z"]
        assert stage.timers == []

    play(story)


def test_a_client_that_leaves_the_queue_makes_room_in_it() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1, queue=1)
        await stage.come("x", a)
        await stage.come("y", a)
        await stage.leave("y")
        await stage.come("z", a)
        assert stage.refused == {}
        await stage.end("x")
        assert stage.inside == ["z"]

    play(story)


def test_a_place_given_to_one_that_is_just_leaving_goes_on_to_the_next() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1)
        for name in "xyz":
            await stage.come(name, a)
        stage.finish("x")
        # Two turns of the loop: x has left, y has been given its place and does not know it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stage.cancel("y")
        await settle()
        assert stage.inside == ["z"]

    play(story)


def test_another_limit_in_the_configuration_holds_from_the_next_request() -> None:
    async def story(stage: Stage) -> None:
        await stage.come("x", channel(concurrency=1))
        await stage.come("y", channel(concurrency=1))
        assert stage.inside == ["x"]
        await stage.come("z", channel(concurrency=3))
        assert sorted(stage.inside) == ["x", "y", "z"]
        await stage.come("free", channel())
        assert "free" in stage.inside

    play(story)


def test_tokens_are_estimated_and_then_what_the_answer_tells() -> None:
    async def story(stage: Stage) -> None:
        wish = asking(channel(tpm=10_000))
        async with stage.places.place(wish):
            assert stage.places.used()["a"][2] == ESTIMATE
        assert stage.places.used()["a"][2] == ESTIMATE
        (told,) = wish.record.on_spent
        usage = Usage(input=100, cache_read=4000, output=50)
        spent = [Spent("a", "m", usage, None, None, True), Spent("b", "m", usage, None, None, True)]
        await asyncio.to_thread(told, spent)
        await settle()
        assert stage.places.used()["a"][2] == 4150
        for nothing in ([], None, [Spent("a", "m", Usage(), None, None, False)]):
            told(nothing)
        await settle()
        assert stage.places.used()["a"][2] == 4150

    play(story)


def test_what_failed_before_its_answer_took_no_tokens_but_was_a_request() -> None:
    async def story(stage: Stage) -> None:
        wish = asking(channel(tpm=10_000, rpm=5))
        with pytest.raises(UpstreamStatus):
            async with stage.places.place(wish):
                raise UpstreamStatus(529, [], b"", message="529")
        assert stage.places.used()["a"] == (0, 1, 0, 0)
        assert wish.record.on_spent == []

    play(story)


def test_fewer_tokens_than_estimated_let_the_next_one_in() -> None:
    async def story(stage: Stage) -> None:
        a = channel(tpm=ESTIMATE + 10)
        wish = asking(a)
        async with stage.places.place(wish):
            pass
        await stage.come("x", a)
        assert stage.inside == []
        wish.record.on_spent[0]([Spent("a", "m", Usage(input=5), None, None, True)])
        await settle()
        assert stage.inside == ["x"]

    play(story)


def test_how_long_one_waited_is_noted() -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=1)
        await stage.come("x", a)
        wish = asking(a)
        entered = asyncio.Event()

        async def wait() -> None:
            async with stage.places.place(wish):
                entered.set()

        task = asyncio.get_running_loop().create_task(wait())
        await settle()
        stage.now += 3
        await stage.end("x")
        await task
        assert entered.is_set()
        assert wish.attempt.delay_ms == 3000

    play(story)


_STEP = st.one_of(
    st.tuples(st.just("come"), st.sampled_from("kl"), st.sampled_from("st")),
    st.tuples(st.sampled_from(["end", "leave", "cancel", "finish"]), st.integers(0, 40)),
    st.tuples(st.just("settle"), st.integers(0, 3)),
)


@given(st.integers(1, 3), st.integers(0, 4), st.lists(_STEP, max_size=40))
def test_whatever_clients_do_no_place_is_lost_and_none_is_given_twice(
    concurrency: int, queue: int, steps: list[tuple[Any, ...]]
) -> None:
    async def story(stage: Stage) -> None:
        a = channel(concurrency=concurrency, queue=queue, queue_timeout="60s")
        b = channel("b", concurrency=1, queue=queue)
        count = 0
        for step in steps:
            name = str(step[1])
            match step[0]:
                case "come":
                    others = [b] if count % 3 else []
                    target = b if count % 5 == 4 else a
                    await stage.come(
                        str(count), target, key=step[1], session=step[2], others=others
                    )
                    count += 1
                case "settle":
                    for _ in range(step[1]):
                        await asyncio.sleep(0)
                case what if int(name) < count:
                    if what in ("cancel", "finish"):
                        getattr(stage, what)(name)
                    elif what == "leave":
                        await stage.leave(name)
                    elif name in stage.inside:
                        await stage.end(name)
            assert stage.used.get("a", (0, 0))[0] <= concurrency
            assert stage.used.get("b", (0, 0))[0] <= 1
            assert len(stage.inside) <= concurrency + 1
        await settle()
        inside, waiting = stage.used.get("a", (0, 0))
        assert inside == concurrency or waiting == 0, "nobody waits before an empty place"

    play(story)
