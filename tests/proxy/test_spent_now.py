import json
from decimal import Decimal

from axonhub_cli.config.schema import Channel, Config, Price
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import Pricer
from axonhub_cli.proxy.spent_now import spent_now
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from tests.support.plays import as_message, text
from tests.support.price_list import price_list

AT = 1_795_521_600.0


def request(answer: bytes, model: str = "claude-sonnet-4-5") -> RequestRecord:
    attempt = AttemptRecord("main", model, "anthropic")
    attempt.status, attempt.http_status = "completed", 200
    attempt.answer = [answer] if answer else []
    return RequestRecord(id="r", at=AT, attempts=[attempt])


def pricer(*prices: Price) -> Pricer:
    config = Config(channels=(Channel("main", "anthropic"),), prices=prices)
    return Pricer(lambda: config, Listing(price_list()))


ANSWER = json.dumps(as_message(text("pong"))).encode()


def test_a_small_answer_with_a_known_price_is_told_at_once() -> None:
    spent = spent_now(request(ANSWER), pricer(Price("*", request=0.5)))
    assert spent is not None
    assert [(one.usd, one.usage.output, one.whole) for one in spent] == [(Decimal("0.5"), 5, True)]


def test_a_price_that_has_to_be_looked_up_is_not_waited_for() -> None:
    asked = pricer()
    assert spent_now(request(ANSWER), asked) is None
    asked.charge("main", "claude-sonnet-4-5", Usage(input=1, output=1), at=AT)
    assert spent_now(request(ANSWER), asked)


def test_a_large_answer_is_left_to_the_writer() -> None:
    large = json.dumps(as_message(text("x" * 70_000))).encode()
    assert spent_now(request(large), pricer(Price("*", request=0.5))) is None


def test_an_error_used_nothing() -> None:
    made = request(b'{"type":"error","error":{"message":"no"}}')
    made.attempts[0].status, made.attempts[0].http_status = "failed", 400
    assert spent_now(made, pricer()) == []
