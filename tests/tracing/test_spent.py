from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.prices import UNKNOWN, Charge
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.spent import Spent, charge_nothing, find_spent, sum_usage, sum_usd
from tests.tracing.records import attempt, message, record, text

GOLDEN = Path(__file__).parent.parent / "golden"


def a_dollar_a_token(
    channel: str,
    model: str,
    usage: Usage,
    *,
    at: float,
    told: Mapping[str, str] | None = None,
) -> Charge:
    if channel == "unpriced" or usage == Usage():
        return UNKNOWN
    tokens = sum(getattr(usage, n) or 0 for n in ("input", "cache_read", "cache_write", "output"))
    return Charge(Decimal(tokens), f"{model} {told or ''}".strip())


def spent(made: RequestRecord) -> list[Spent | None]:
    readers = {name: protocol.read_totals for name, protocol in PROTOCOLS.items()}
    answers = [
        readers[one.upstream_protocol](b"".join(one.answer)) if one.answer else Answer()
        for one in made.attempts
    ]
    return find_spent(made, answers, a_dollar_a_token)


def only(made: RequestRecord) -> Spent:
    (one,) = spent(made)
    assert one is not None
    return one


def test_a_complete_answer_is_known_in_full() -> None:
    one = only(record("r"))
    assert (one.usd, one.whole, one.channel) == (Decimal(8), True, "main")
    assert one.price == "claude-opus-5-5"


def test_an_upstreams_error_costs_nothing() -> None:
    refused = attempt(b'{"error": {"message": "no"}}', status="failed", http_status=529)
    assert spent(record("r", attempts=[refused], status="failed")) == [None]


def test_an_attempt_before_the_last_counts_when_its_stream_broke_off_after_telling_tokens() -> None:
    stream = (GOLDEN / "anthropic" / "stream_text" / "stream.sse").read_bytes()
    start = stream[: stream.index(b"event: content_block_stop")]
    broken = attempt(start, status="failed", channel="first")
    said_so = b'event: error\ndata: {"type":"error","error":{"message":"overloaded"}}\n\n'
    failed = attempt(start + said_so, status="failed", channel="second")
    first, second, last = spent(record("r", attempts=[broken, failed, attempt(message(text("x")))]))
    assert first is not None
    assert not first.whole
    assert second is None
    assert last is not None
    assert last.whole


def test_of_a_stream_that_the_client_left_the_input_is_known_and_the_sum_a_lower_bound() -> None:
    stream = (GOLDEN / "anthropic" / "stream_text" / "stream.sse").read_bytes()
    start = stream[: stream.index(b"event: message_delta")]
    whole = only(record("r", attempts=[attempt(stream)]))
    left = only(record("r", attempts=[attempt(start, status="canceled")], status="canceled"))
    assert left.usage.input == whole.usage.input
    assert left.usd is not None
    assert whole.usd is not None
    assert left.usd <= whole.usd
    assert not left.whole
    assert whole.whole


def test_a_chat_stream_that_the_client_left_has_an_unknown_cost() -> None:
    stream = (GOLDEN / "openai_chat" / "stream_text" / "stream.sse").read_bytes()
    cut = attempt(stream[: len(stream) // 2], status="canceled", upstream_protocol="openai_chat")
    one = only(record("r", attempts=[cut], status="canceled"))
    assert (one.usd, one.whole) == (None, False)


def test_a_served_answer_that_tells_no_tokens_is_unknown_and_not_free() -> None:
    one = only(record("r", attempts=[attempt(b'{"type":"message","content":[]}')]))
    assert (one.usd, one.price, one.whole) == (None, None, False)


def test_a_model_without_a_price_has_tokens_and_no_cost() -> None:
    one = only(record("r", attempts=[attempt(message(text("x")), channel="unpriced")]))
    assert (one.usage.output, one.usd, one.whole) == (5, None, False)


def test_counting_tokens_costs_nothing() -> None:
    made = record("r", operation="count_tokens", attempts=[attempt(b'{"input_tokens": 9}')])
    assert spent(made) == [None]


@pytest.mark.parametrize(
    ("usage", "told"),
    [({"service_tier": "priority"}, "{'service_tier': 'priority'}"), ({"speed": 3}, "")],
)
def test_what_the_answer_says_of_its_tier_is_passed_on(usage: dict[str, str], told: str) -> None:
    one = only(record("r", attempts=[attempt(message(text("x"), **usage))]))
    assert one.price == f"claude-opus-5-5 {told}".strip()


def test_a_chat_answers_tier_is_passed_on_from_json_and_from_a_stream() -> None:
    document = b"""{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],
        "service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":1}}"""
    stream = (
        b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"service_tier":"flex",'
        b'"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\ndata: [DONE]\n\n'
    )
    for answer in (document, stream):
        one = only(record("r", attempts=[attempt(answer, upstream_protocol="openai_chat")]))
        assert one.price == "claude-opus-5-5 {'service_tier': 'flex'}"


def test_searches_made_by_the_upstream_are_counted() -> None:
    answer = message(text("x"), server_tool_use={"web_search_requests": 2})
    assert only(record("r", attempts=[attempt(answer)])).usage.web_searches == 2


def test_sums_leave_unknown_what_nobody_said() -> None:
    made: AttemptRecord = attempt()
    known = Spent(made.channel, "m", Usage(input=1, output=2), Decimal(3), "p", True)
    unknown = Spent(made.channel, "m", Usage(output=5), None, None, False)
    assert sum_usage([known, unknown]) == Usage(input=1, output=7)
    assert sum_usd([known, unknown]) == Decimal(3)
    assert sum_usd([unknown]) is None


def test_without_a_list_nothing_has_a_price() -> None:
    assert charge_nothing("main", "m", Usage(input=1, output=1), at=0.0) == UNKNOWN


def test_a_price_that_needs_no_tokens_is_charged_for_every_answer_that_was_served() -> None:
    def flat(*_: object, **__: object) -> Charge:
        return Charge(Decimal("0.04"), "own:1", flat=True)

    served = attempt(b'{"type":"message","content":[]}')
    left = attempt(b"", status="canceled")
    early = attempt(b"", status="canceled", http_status=None)
    refused = attempt(b'{"error": {"message": "no"}}', status="failed", http_status=529)
    for one, usd in ((served, Decimal("0.04")), (left, Decimal("0.04")), (refused, None)):
        made = record("r", attempts=[one], status=one.status)
        answers = [PROTOCOLS["anthropic"].read_totals(b"".join(one.answer))]
        (found,) = find_spent(made, answers, flat)
        assert (None if found is None else found.usd) == usd
        assert found is None or found.whole
    (unknown,) = find_spent(record("r", attempts=[early], status="canceled"), [Answer()], flat)
    assert unknown is not None
    assert (unknown.usd, unknown.whole) == (None, False)


def test_what_a_price_or_a_count_leaves_out_makes_a_lower_bound() -> None:
    def half(*_: object, **__: object) -> Charge:
        return Charge(Decimal(1), "p", whole=False)

    made = record("r")
    answer = PROTOCOLS["anthropic"].read_totals(b"".join(made.attempts[0].answer))
    (by_price,) = find_spent(made, [answer], half)
    (by_count,) = find_spent(made, [replace(answer, partial=True)], a_dollar_a_token)
    assert by_price is not None
    assert by_count is not None
    assert (by_price.whole, by_count.whole) == (False, False)
