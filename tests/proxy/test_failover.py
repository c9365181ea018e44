"""Failover as stories: who is asked, what is waited for, what the client gets."""

from __future__ import annotations

import asyncio
import json

import pytest

from axonhub_cli.config.schema import Routing
from tests.support import plays
from tests.support.playbook import Playbook, commit, error_event, tell, upstream, wait
from tests.support.stage import BODY, STREAMED, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import PATIENCE, Close, Gate, Reset, Upstream, Wait

PONG = plays.stream("pong")
FAULT = plays.error(500, "api_error", "x")
PIECES = plays.as_events(plays.text("half"))


def cut_after(pieces: int) -> plays.Play:
    return plays.truncated(PIECES, len(b"".join(PIECES[:pieces])), how=Close())


def test_an_overloaded_channel_is_left_for_the_next_one_at_once() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.overloaded())
    story >> upstream("b", PONG)
    story << commit("b")
    told = story.run()
    assert told.header("ah-attempts") == "a: 529, b"


def test_a_fault_that_may_pass_is_waited_for_before_the_next_channel_is_asked() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", FAULT)
    story << wait(0.5)
    story >> upstream("a", FAULT)
    story >> upstream("b", PONG)
    story << commit("b")
    told = story.run()
    assert told.header("ah-attempts") == "a: 5xx, a +500ms: 5xx, b"
    assert [attempt.delay_ms for attempt in told.record.attempts] == [0, 500, 0]
    assert [f["then"] for f in told.record.decision["failures"]] == [
        "the same channel again",
        "the next channel",
    ]


def test_delays_double_and_differ() -> None:
    story = Playbook("a", routing=Routing(retries=3, retry_delay="200ms"), draw=0.0)
    story >> upstream("a", FAULT)
    story << wait(0.2 * 0.75)
    story >> upstream("a", FAULT)
    story << wait(0.4 * 0.75)
    story >> upstream("a", FAULT)
    story << wait(0.8 * 0.75)
    story >> upstream("a", PONG)
    story << commit("a")
    story.run()


def test_a_channels_own_number_of_retries_counts() -> None:
    story = Playbook("a", "b", retries=0)
    story >> upstream("a", FAULT)
    story >> upstream("b", PONG)
    story << commit("b")
    story.run()


def test_a_channels_own_policy_counts() -> None:
    story = Playbook("a", "b").channel("a", policy={"529": "same", "500": "give_up"})
    story >> upstream("a", plays.overloaded())
    story << wait(0.5)
    story >> upstream("a", FAULT)
    story << tell(500)
    story.run()


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_another_token_of_the_channel_comes_before_another_channel(status: int) -> None:
    story = Playbook("a", "b").channel("a", tokens=("env:T", "env:U"))
    refusal = plays.error(status, "x", "x")
    story >> upstream("a", refusal, token="1")
    story >> upstream("a", refusal, token="2")
    story >> upstream("b", PONG, token="1")
    story << commit("b")
    # The first of the two tokens is the session's own.
    told = story.run(session="session-2")
    assert [a.label for a in told.record.attempts] == ["1", "2", "1"]


def test_a_dropped_connection_is_asked_again_without_a_wait() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.reset())
    story >> upstream("a", PONG)
    story << commit("a")
    story.run()


@pytest.mark.parametrize(
    "words", ["prompt is too long: 210000 tokens > 200000 maximum", "messages: Field required"]
)
def test_what_the_request_is_to_blame_for_is_told_in_the_upstreams_words(words: str) -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.error(400, "invalid_request_error", words))
    story << tell(400)
    assert json.loads(story.run().body)["error"]["message"] == words


def test_a_policy_may_send_long_prompts_to_the_next_channel() -> None:
    story = Playbook("a", "b", policy={"prompt_too_long": "next"})
    story >> upstream("a", plays.error(400, "invalid_request_error", "prompt is too long"))
    story >> upstream("b", PONG)
    story << commit("b")
    story.run()


def test_nothing_begins_after_the_budget() -> None:
    story = Playbook("a", "b", "c", routing=Routing(budget="60s"))
    story >> upstream("a", plays.overloaded(), took=50)
    story >> upstream("b", plays.overloaded(), took=10)
    story << tell(529)
    told = story.run()
    assert told.record.decision["failures"][-1]["then"] == "the time budget is used up"


def test_no_wait_runs_past_the_budget() -> None:
    story = Playbook("a", "b", routing=Routing(budget="60s"))
    story >> upstream("a", FAULT, took=59.6)
    story >> upstream("b", PONG)
    story << commit("b")
    story.run()


def test_nobody_waits_for_a_channel_that_asks_for_more_than_a_moment() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.error(500, "api_error", "x", ("retry-after", "30")))
    story >> upstream("b", PONG)
    story << commit("b")
    story.run()


def test_a_short_retry_after_is_waited_for() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.error(500, "api_error", "x", ("retry-after", "3")))
    story << wait(3.0)
    story >> upstream("a", PONG)
    story << commit("a")
    story.run()


def test_a_channel_that_forbids_it_is_not_asked_again() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", plays.error(500, "api_error", "x", ("x-should-retry", "false")))
    story >> upstream("b", PONG)
    story << commit("b")
    story.run()


@pytest.mark.parametrize("play", [cut_after(1), cut_after(2), plays.sse([])])
def test_a_stream_that_breaks_before_its_content_is_asked_for_again(play: plays.Play) -> None:
    story = Playbook("a", "b")
    story >> upstream("a", play)
    story << wait(0.5)
    story >> upstream("a", PONG)
    story << commit("a")
    assert b"half" not in story.run().body


def test_an_error_after_message_start_counts_as_its_own_status() -> None:
    error = plays.event("error", error={"type": "overloaded_error", "message": "x"})
    story = Playbook("a", "b")
    story >> upstream("a", plays.sse([PIECES[0], error]))
    story >> upstream("b", PONG)
    story << commit("b")
    assert story.run().header("ah-attempts") == "a: 529, b"


def test_nothing_follows_the_commit_but_an_error_event() -> None:
    story = Playbook("a", "b")
    story >> upstream("a", cut_after(4))
    story << commit("a")
    story << error_event()
    told = story.run()
    assert (told.status, told.record.status) == (200, "failed")


def test_a_buffered_stream_that_breaks_in_the_middle_is_asked_for_elsewhere() -> None:
    story = Playbook("a", "b", retries=0).channel("a", buffered=True)
    story >> upstream("a", cut_after(4))
    story >> upstream("b", PONG)
    story << commit("b")
    told = story.run()
    assert told.body == b"".join(plays.as_events(plays.text("pong")))
    assert told.header("ah-attempts") == "a: broken, b"


def test_a_buffered_stream_that_ends_well_is_replayed_as_it_came() -> None:
    story = Playbook("a", buffered=True)
    story >> upstream("a", plays.sse(PIECES))
    story << commit("a")
    told = story.run()
    assert told.body == b"".join(PIECES)
    assert told.record.attempts[0].first_event_ms is not None


def test_an_error_in_the_middle_of_a_buffered_stream_is_asked_for_elsewhere() -> None:
    error = plays.event("error", error={"type": "overloaded_error", "message": "x"})
    story = Playbook("a", "b", retries=0, buffered=True)
    story >> upstream("a", plays.sse([*PIECES[:4], error]))
    story >> upstream("b", PONG)
    story << commit("b")
    assert b"half" not in story.run().body


def test_when_all_buffered_streams_break_the_client_gets_a_status() -> None:
    story = Playbook("a", "b", retries=0, buffered=True)
    story >> upstream("a", cut_after(4))
    story >> upstream("b", cut_after(4))
    story << tell(502)
    assert b"the connection broke inside the answer: it was cut short" in story.run().body


def test_the_only_channels_answer_is_told_as_it_is_after_its_repetition() -> None:
    story = Playbook("a")
    story >> upstream("a", FAULT)
    story << wait(0.5)
    story >> upstream("a", plays.error(502, "api_error", "its own words"))
    story << tell(502)
    assert json.loads(story.run().body)["error"]["message"] == "its own words"


@pytest.mark.parametrize("body", [BODY, STREAMED], ids=["whole", "stream"])
def test_a_client_that_leaves_ends_a_wait_at_once(body: bytes) -> None:
    """The sleep is one that only a cancellation ends."""
    left = asyncio.Event()
    cancelled: list[bool] = []

    async def sleep(seconds: float) -> None:
        left.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    server = Upstream(lambda request: FAULT)
    server.start()

    async def story() -> str:
        services = new_services(sleep=sleep)
        channels = (endpoint("a", server.url), endpoint("b", server.url, priority=1))
        told = await ask(snapshot_of(*channels), body, services=services, leaves=left)
        await services.upstreams.aclose()
        return told.record.status

    try:
        assert asyncio.run(story()) == "canceled"
    finally:
        server.stop()
    assert (cancelled, len(server.requests)) == ([True], 1)


def test_a_count_of_tokens_trips_nothing() -> None:
    """Every later request still goes to the first channel."""

    def answer(request: object) -> plays.Play:
        path = getattr(request, "path", "")
        return FAULT if path.endswith("/count_tokens") else plays.message("pong")

    server = Upstream(answer)
    server.start()

    async def story() -> tuple[list[str], list[str]]:
        services = new_services(sleep=lambda seconds: asyncio.sleep(0))
        channels = (endpoint("a", server.url), endpoint("b", server.url, priority=1))
        snapshot = snapshot_of(*channels)
        for _ in range(5):
            counted = await ask(snapshot, operation="count_tokens", services=services)
        told = await ask(snapshot, services=services)
        await services.upstreams.aclose()
        return counted.channels, told.channels

    try:
        assert asyncio.run(story()) == (["a", "a", "b", "b"], ["a"])
    finally:
        server.stop()


def test_what_many_failing_requests_at_once_leave_behind_is_nothing() -> None:
    """No task, no place in a channel, no open connection to an upstream that hangs."""
    hanging = [plays.hang(), (plays.Head(200, (plays.SSE,)), plays.Data(PIECES[0]), plays.Hang())]
    faults = [*hanging, plays.overloaded(), FAULT, plays.reset(), cut_after(1), cut_after(4), PONG]
    server = Upstream(lambda request: faults[int(request.json["max_tokens"]) % len(faults)])
    server.start()

    async def story() -> tuple[int, int]:
        services = new_services()
        limits = {"first_event_timeout": "50ms", "idle_timeout": "50ms", "retries": 0}
        channels = [endpoint(name, server.url, priority=n, **limits) for n, name in enumerate("ab")]
        snapshot = snapshot_of(*channels)
        bodies = [STREAMED.replace(b":9,", b":%d," % n) for n in range(64)]
        await asyncio.gather(*[ask(snapshot, body, services=services) for body in bodies])
        state = services.routing.dump(services.now(), live=True)
        await services.upstreams.aclose()
        running = [entry["in_flight"] for entry in state["health"]]
        return len(asyncio.all_tasks()), sum(running)

    try:
        assert asyncio.run(story()) == (1, 0)
        for request in server.requests:
            assert request.done.wait(PATIENCE)
    finally:
        server.stop()


def test_pings_go_to_the_client_while_a_buffered_stream_is_read() -> None:
    gate = Gate()
    pieces = [plays.Data(piece) for piece in PIECES]
    head = plays.Head(200, (plays.SSE,))
    server = Upstream(lambda request: (head, *pieces[:4], Wait(gate), *pieces[4:], plays.End()))
    server.start()

    def watch(told: object, message: object) -> None:
        # The first thing that the client gets is a ping; only then does the upstream go on.
        gate.open()

    async def story() -> bytes:
        from axonhub_cli.config.schema import Server

        channel = endpoint("a", server.url, buffered=True)
        snapshot = snapshot_of(channel, server=Server(ping_interval="20ms"))
        return (await ask(snapshot, STREAMED, watch=watch)).body

    try:
        body = asyncio.run(story())
    finally:
        server.stop()
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    assert body.startswith(ping)
    assert body.endswith(b"".join(PIECES))
    assert body.removesuffix(b"".join(PIECES)).replace(ping, b"") == b""


def test_a_stream_that_a_ping_has_opened_still_fails_over_when_a_buffered_one_breaks() -> None:
    gate = Gate()
    head = plays.Head(200, (plays.SSE,))
    first = [plays.Data(piece) for piece in PIECES[:4]]
    broken = Upstream(lambda request: (head, *first, Wait(gate), Reset()))
    good = Upstream(lambda request: PONG)
    broken.start()
    good.start()

    async def story() -> bytes:
        from axonhub_cli.config.schema import Server

        channels = (
            endpoint("a", broken.url, buffered=True, retries=0),
            endpoint("b", good.url, priority=1),
        )
        snapshot = snapshot_of(*channels, server=Server(ping_interval="20ms"))
        told = await ask(snapshot, STREAMED, watch=lambda told, message: gate.open())
        assert told.channels == ["a", "b"]
        # When the head went out, nobody had answered yet.
        assert (told.header("ah-request-id"), told.header("ah-channel")) == ("req_1", None)
        return told.body

    try:
        body = asyncio.run(story())
    finally:
        broken.stop()
        good.stop()
    assert body.startswith(b"event: ping")
    assert b"half" not in body
    assert body.endswith(b"".join(plays.as_events(plays.text("pong"))))
