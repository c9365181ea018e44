import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest

from axonhub_cli.errors import StoreError
from axonhub_cli.ir.response import Run, Usage
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.proxy.cost_telling import CostTeller, Totals
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.recorder import AttemptRecord
from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import PATIENCE, Upstream

PRICE = {"model": "*", "input": 3.0, "output": 15.0, "cache_read": 0.3, "cache_write_5m": 3.75}
DOLLARS = (12 * 3 + 900 * 0.3 + 40 * 3.75 + 5 * 15) / 1e6
BODY: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
}


class Heard:
    """An outlet that keeps what it hears."""

    opened = ended = False

    def __init__(self) -> None:
        self.data = b""

    async def open(self, status: int, headers: HeaderList) -> None:
        self.opened = True

    async def write(self, data: bytes) -> None:
        self.data += data

    async def end(self, data: bytes = b"") -> None:
        self.ended = True
        self.data += data

    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        self.data = body


def told(pieces: Sequence[bytes], usd: str | None = "0.0012300") -> bytes:
    heard = Heard()
    teller = CostTeller(heard, lambda: None if usd is None else Decimal(usd))

    async def tell() -> None:
        await teller.open(200, [])
        for piece in pieces[:-1]:
            await teller.write(piece)
        await teller.end(pieces[-1])

    asyncio.run(tell())
    assert teller.opened
    assert teller.ended
    return heard.data


def told_whole(body: bytes, status: int = 200, usd: str | None = "1") -> bytes:
    heard = Heard()
    teller = CostTeller(heard, lambda: None if usd is None else Decimal(usd))
    asyncio.run(teller.send_whole(status, [], body))
    return heard.data


def test_only_the_last_usage_of_a_stream_is_edited_and_no_other_byte() -> None:
    events = plays.as_events(plays.text('say "usage" twice'))
    before = b"".join(events)
    after = told(events)
    assert after != before
    assert after.replace(b',"cost":0.00123', b"") == before
    assert after.count(b'"cost"') == 1
    assert after.index(b"message_delta") < after.index(b'"cost"')


def test_lines_may_end_as_they_like() -> None:
    event = b'event: message_delta\r\ndata:{"type":"message_delta","usage":{}}\r\n\r\n'
    assert told([event]) == event.replace(b'"usage":{}', b'"usage":{"cost":0.00123}')


def test_whatever_is_no_usage_stays_as_it_is() -> None:
    for line in (
        b'data: {"usage": null}\n\n',
        b'data: {"usage": [1]}\n\n',
        b'data: {"message": {"usage": {"input_tokens": 1}}}\n\n',
        b'data: {"usage": {broken}\n\n',
        b': "usage"\n\n',
    ):
        assert told([line]) == line
        assert told_whole(line) == line


def test_a_whole_answer_is_edited_and_an_error_is_not() -> None:
    body = b'{ "usage" : { "input_tokens" : 1 } , "x" : 1 }'
    assert json.loads(told_whole(body))["usage"] == {"input_tokens": 1, "cost": 1}
    assert told_whole(body, 429) == body


def test_a_cost_that_is_not_known_is_not_told() -> None:
    body = b'{"usage":{"input_tokens":1}}'
    assert told_whole(body, usd=None) == body
    assert told_whole(body, usd="0.000000001").endswith(b'"cost":0.000000001}}')
    assert told_whole(body, usd="0").endswith(b'"cost":0}}')


def test_a_cost_that_stands_there_is_replaced_and_never_told_twice() -> None:
    body = b'{"usage":{"cost" : 0.5 , "input_tokens":1,"cost_details":{"cost":7}}}'
    assert told_whole(body, usd="0.25") == body.replace(b"0.5", b"0.25")
    assert told_whole(body, usd=None) == body
    twice = b'{"usage":{"cost":1,"cost":2}}'
    assert told_whole(twice, usd="0.25") == b'{"usage":{"cost":0.25,"cost":0.25}}'


def test_each_part_of_an_answer_is_read_once_however_often_its_cost_is_asked() -> None:
    events = [
        chat_plays.chunk({"content": "x"}, usage={"prompt_tokens": 9, "completion_tokens": n})
        for n in range(1, 300)
    ]
    read = 0

    def read_totals(data: bytes) -> Answer:
        nonlocal read
        read += len(data)
        return PROTOCOLS["openai_chat"].read_totals(data)

    record = AttemptRecord("c", "m", "openai_chat")
    totals = Totals(record, read_totals)
    for number, event in enumerate(events, 1):
        record.answer += [event[:50], event[50:]]
        assert totals.read().usage == Usage(input=9, output=number)
    assert totals.read().usage == Usage(input=9, output=len(events))
    assert read == len(b"".join(events))


def test_an_answer_told_in_two_events_is_put_together() -> None:
    events = plays.as_events(plays.text("pong"))
    record = AttemptRecord("c", "m", "anthropic")
    totals = Totals(record, PROTOCOLS["anthropic"].read_totals)
    for event in events:
        record.answer.append(event)
        totals.read()
    assert totals.read().usage == PROTOCOLS["anthropic"].read_totals(b"".join(events)).usage
    record.answer_rest = (
        b'event: x\ndata: {"type":"message_delta","usage":{"output_tokens":99}}\n\n'
    )
    assert totals.read().usage.output == 99


def test_a_refusal_amid_an_answer_is_not_taken_for_one_at_once() -> None:
    events = plays.as_events(plays.text("pong"))
    refused = [event.replace(b'"end_turn"', b'"refusal"') for event in events]
    assert refused != events
    record = AttemptRecord("c", "m", "anthropic")
    totals = Totals(record, PROTOCOLS["anthropic"].read_totals)
    for event in refused:
        record.answer.append(event)
        told = totals.read()
    assert told.charged == (Run(None, told.usage),)
    assert told.usage.output == 5


def test_a_whole_answer_is_read_whole() -> None:
    body = json.dumps({"content": [], "usage": {"input_tokens": 2, "output_tokens": 3}}).encode()
    record = AttemptRecord("c", "m", "anthropic")
    record.answer = [body[:9], body[9:]]
    totals = Totals(record, PROTOCOLS["anthropic"].read_totals)
    assert totals.read().usage == totals.read().usage == Usage(input=2, output=3)


def usage_in(body: bytes) -> dict[str, Any]:
    """The last usage of an answer, JSON or events."""
    lines = [line[5:] for line in body.splitlines() if line.startswith(b"data:")] or [body]
    values = [json.loads(line) for line in lines if line.strip() != b"[DONE]"]
    usages = [value["usage"] for value in values if value.get("usage")]
    found: dict[str, Any] = usages[-1]
    return found


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """`claude-*` go to an Anthropic upstream, `gpt-*` to a Chat one; `slow-*` are buffered."""
    home = Home(tmp_path_factory.mktemp("priced"))
    anthropic, chat = Upstream(plays.default_answer), Upstream(chat_plays.default_answer)
    anthropic.start()
    chat.start()
    openai = {"type": "openai-compatible"}
    home.configure(
        channel(anthropic.url, "a"),
        channel(anthropic.url, "b", models=["slow-claude"], buffered=True),
        channel(chat.url, "c", models=["gpt-*"], **openai),
        channel(chat.url, "d", models=["slow-gpt"], buffered=True, **openai),
        server={"usage_cost": True},
        prices=[PRICE],
    )
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()
        anthropic.stop()
        chat.stop()


def recorded_cost(home: Home, request_id: str) -> float | None:
    deadline = monotonic() + PATIENCE
    while True:
        with suppress(StoreError):  # not written yet
            with TraceReader(home.paths.trace_db) as reader:
                row = reader.request(request_id)
            if row.status != "running":
                return row.cost_usd
        assert monotonic() < deadline, f"{request_id} is not recorded"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/anthropic/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize("model", ["claude-x", "slow-claude", "gpt-x", "slow-gpt"])
def test_answers_tell_what_the_trace_says(
    priced: Daemon, model: str, path: str, stream: bool
) -> None:
    asked = BODY | {"model": model} | ({"stream": True} if stream else {})
    if path.startswith("/v1") and stream:
        asked |= {"stream_options": {"include_usage": True}}
    status, headers, body = priced.post(json.dumps(asked).encode(), path)
    assert status == 200
    cost = usage_in(body)["cost"]
    assert cost == pytest.approx(recorded_cost(priced.home, headers["ah-request-id"]), abs=1e-12)
    if "claude" in model:
        assert cost == pytest.approx(DOLLARS, abs=1e-12)


def test_a_listed_price_is_told_from_the_first_answer_on_and_an_unknown_one_is_not(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url), server={"usage_cost": True})
    daemon = Daemon(home).start()
    try:
        listed = daemon.post(json.dumps(BODY | {"model": "claude-sonnet-4-5"}).encode())[2]
        unheard = daemon.post(json.dumps(BODY | {"model": "claude-unheard-of"}).encode())[2]
    finally:
        daemon.stop()
    assert usage_in(listed)["cost"] == pytest.approx(DOLLARS, abs=1e-12)
    assert "cost" not in usage_in(unheard)


def test_a_cost_that_is_known_in_part_is_not_told_as_the_cost(
    home: Home, upstream: Upstream
) -> None:
    advised = {"iterations": [{"type": "advisor_message", "input_tokens": 9, "output_tokens": 9}]}
    home.configure(channel(upstream.url), server={"usage_cost": True})
    daemon = Daemon(home).start()
    try:
        asked = json.dumps(BODY | {"model": "claude-sonnet-4-5"}).encode()
        known = daemon.post(asked)[2]
        answer = plays.as_message(plays.text("pong"))
        answer["usage"] = answer["usage"] | advised
        upstream.script(plays.body(200, json.dumps(answer).encode()))
        partly = daemon.post(asked)[2]
    finally:
        daemon.stop()
    assert "cost" in usage_in(known)
    assert "cost" not in usage_in(partly)


def test_without_the_setting_answers_stay_as_they_came(daemon: Daemon) -> None:
    asked = json.dumps(BODY | {"model": "claude-sonnet-4-5"}).encode()
    assert b'"cost"' not in daemon.post(asked)[2]


@pytest.mark.parametrize("stream", [False, True])
def test_what_openrouter_says_of_its_cost_is_told_once_and_recorded(
    home: Home, stream: bool
) -> None:
    usage = chat_plays.USAGE | {"cost": 0.00123}
    chat = Upstream(chat_plays.default_answer)
    chat.start()
    home.configure(
        channel(chat.url, "r", type="openrouter", models=["*"]), server={"usage_cost": True}
    )
    daemon = Daemon(home).start()
    try:
        play = chat_plays.stream if stream else chat_plays.message
        chat.script(play("pong", usage=usage))
        asked = BODY | {"model": "openai/gpt-5", "stream": stream}
        if stream:
            asked |= {"stream_options": {"include_usage": True}}
        _, headers, body = daemon.post(json.dumps(asked).encode(), "/v1/chat/completions")
    finally:
        daemon.stop()
        chat.stop()
    assert body.count(b'"cost"') == 1
    assert usage_in(body)["cost"] == 0.00123
    row = home.json("request", "show", headers["ah-request-id"])
    assert (row["cost_usd"], row["price"], row["unpriced"]) == (0.00123, "upstream", 0)
