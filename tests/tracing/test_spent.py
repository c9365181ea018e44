from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from axonhub_cli import jsonio
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


def spent(made: RequestRecord) -> list[tuple[Spent, ...]]:
    readers = {name: protocol.read_totals for name, protocol in PROTOCOLS.items()}
    answers = [
        readers[one.upstream_protocol](b"".join(one.answer)) if one.answer else Answer()
        for one in made.attempts
    ]
    return find_spent(made, answers, a_dollar_a_token)


def only(made: RequestRecord) -> Spent:
    ((one,),) = spent(made)
    return one


def test_a_complete_answer_is_known_in_full() -> None:
    one = only(record("r"))
    assert (one.usd, one.whole, one.channel) == (Decimal(8), True, "main")
    assert one.price == "claude-opus-5-5"


def test_an_upstreams_error_costs_nothing() -> None:
    refused = attempt(b'{"error": {"message": "no"}}', status="failed", http_status=529)
    assert spent(record("r", attempts=[refused], status="failed")) == [()]


def test_an_attempt_before_the_last_counts_when_its_stream_broke_off_after_telling_tokens() -> None:
    stream = (GOLDEN / "anthropic" / "stream_text" / "stream.sse").read_bytes()
    start = stream[: stream.index(b"event: content_block_stop")]
    broken = attempt(start, status="failed", channel="first")
    said_so = b'event: error\ndata: {"type":"error","error":{"message":"overloaded"}}\n\n'
    failed = attempt(start + said_so, status="failed", channel="second")
    made = record("r", attempts=[broken, failed, attempt(message(text("x")))])
    (first,), second, (last,) = spent(made)
    assert not first.whole
    assert second == ()
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
    assert spent(made) == [()]


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
        assert [(each.usd, each.whole) for each in found] == ([] if usd is None else [(usd, True)])
    ((unknown,),) = find_spent(record("r", attempts=[early], status="canceled"), [Answer()], flat)
    assert (unknown.usd, unknown.whole) == (None, False)


def test_what_a_price_or_a_count_leaves_out_makes_a_lower_bound() -> None:
    def half(*_: object, **__: object) -> Charge:
        return Charge(Decimal(1), "p", whole=False)

    made = record("r")
    answer = PROTOCOLS["anthropic"].read_totals(b"".join(made.attempts[0].answer))
    ((by_price,),) = find_spent(made, [answer], half)
    ((by_count,),) = find_spent(made, [replace(answer, partial=True)], a_dollar_a_token)
    assert (by_price.whole, by_count.whole) == (False, False)


ADVISED = (
    {"type": "message", "input_tokens": 1, "output_tokens": 5},
    {"type": "advisor_message", "model": "wise", "input_tokens": 20, "output_tokens": 10},
)


def test_each_model_that_worked_on_an_answer_is_paid_at_its_own_prices() -> None:
    answer = message(text("x"), iterations=list(ADVISED))
    ((asked, advisor),) = spent(record("r", attempts=[attempt(answer)]))
    assert (asked.model, advisor.model, advisor.usd) == ("claude-opus-5-5", "wise", Decimal(30))
    assert asked.usd == only(record("r")).usd
    assert asked.whole
    assert advisor.whole


def test_what_is_paid_whatever_was_done_is_paid_once() -> None:
    for paid in (Charge(Decimal(1), "upstream"), Charge(Decimal(1), "own:1", flat=True)):
        answer = message(text("x"), iterations=list(ADVISED))
        answers = [PROTOCOLS["anthropic"].read_totals(answer)]
        ((one,),) = find_spent(record("r"), answers, lambda *_, paid=paid, **__: paid)  # type: ignore[misc]
        assert (one.usd, one.usage.output, one.whole) == (Decimal(1), 15, True)


def test_a_refusal_before_any_output_is_not_paid_but_in_some_categories() -> None:
    """platform.claude.com/docs, "Refusals and fallback", How refusals are billed, read 2026-11."""

    def refusal(category: str, *content: object) -> Spent:
        details = {"type": "refusal", "category": category}
        usage = {"input_tokens": 412, "output_tokens": 0}
        body = {"content": content, "stop_reason": "refusal", "stop_details": details}
        answer = jsonio.encode(body | {"type": "message", "usage": usage})
        return only(record("r", attempts=[attempt(answer)]))

    free, paid, amid = refusal("cyber"), refusal("bio"), refusal("cyber", {"type": "text"})
    assert (free.usd, free.usage, free.whole) == (0, Usage(input=0, output=0), True)
    assert (paid.usd, paid.whole) == (Decimal(412), True)
    assert amid.usd == Decimal(412)


def test_a_stream_that_refuses_at_once_is_not_paid_and_one_that_had_begun_is() -> None:
    start = b'data: {"type":"message_start","message":{"usage":{"input_tokens":412}}}\n\n'
    said = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'
    end = (
        b'data: {"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":'
        b'{"category":"cyber"}},"usage":{"output_tokens":1}}\n\n'
    )
    assert only(record("r", attempts=[attempt(start + end)])).usd == 0
    assert only(record("r", attempts=[attempt(start + said + end)])).usd == Decimal(413)
