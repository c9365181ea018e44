from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from axonhub_cli.config.schema import Config, Key, Profile, Quota
from axonhub_cli.errors import QuotaExceeded, StoreError
from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.quotas import QuotaBook, retry_headers
from axonhub_cli.proxy.services import UNLIMITED, Reservation
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.routing.quota import PICO, Amounts
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.spent import Spent
from tests.support.stage import BODY

NOW = 1_795_521_600.0


class Stage:
    """A book of quotas, its clock, and requests through it."""

    def __init__(self, key: tuple[Quota, ...] = (), profile: tuple[Quota, ...] = ()) -> None:
        self.key = Key("default", "sha256:0", quotas=key)
        self.profile = Profile("cheap", quotas=profile)
        self.config = Config(keys=(self.key,), profiles=(self.profile,))
        self.now = NOW
        self.book = QuotaBook(lambda: self.now)

    def begin(self, operation: str = "generate", profile: bool = True) -> Reservation:
        wire = PROTOCOLS["anthropic"]
        call = ClientCall(
            protocol=wire,
            route=next(r for r in wire.routes if r.operation == operation),
            query="",
            headers=[],
            body=BODY,
            key=self.key,
            profile=self.profile if profile else None,
            snapshot=Snapshot(config=self.config),
        )
        return self.book.reserve(call, RequestRecord(id="r", at=self.now))

    def end(self, reservation: Reservation, *spent: Spent, read: bool = True) -> None:
        """The answer was delivered, and the writer told what it used."""
        record = RequestRecord(id="r", at=self.now)
        attempt = AttemptRecord("main", "m", "anthropic")
        attempt.answer = [b"x"]
        record.attempts = [attempt]
        reservation.settle(record)
        (told,) = record.on_spent
        told(list(spent) if read else None)

    def fail(self, reservation: Reservation) -> None:
        reservation.settle(RequestRecord(id="r", at=self.now))

    def used(self, scope: Any = "key", name: str = "default") -> dict[str, float]:
        return {limit.kind: limit.used for limit in self.book.limits(scope, name)}


def spent(usd: str | None = "0.5", **counts: int) -> Spent:
    usage = Usage(**(counts or {"input": 30, "output": 70}))
    return Spent("main", "m", usage, None if usd is None else Decimal(usd), "p", usd is not None)


def refused(begin: Callable[[], object]) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as caught:
        begin()
    return caught.value


def test_without_quotas_nothing_is_counted() -> None:
    assert Stage().begin() is UNLIMITED


def test_counting_tokens_is_free() -> None:
    stage = Stage((Quota(requests=1),))
    assert stage.begin("count_tokens") is UNLIMITED
    stage.begin()


def test_a_request_counts_from_its_beginning() -> None:
    stage = Stage((Quota(requests=2),))
    stage.begin()
    stage.begin()
    error = refused(stage.begin)
    assert error.message.startswith(
        "the requests quota of key 'default' is used up: 2 of 2 today; it resets at 00:00"
    )
    assert error.hint is not None
    assert "axonhub key limit default" in error.hint


def test_a_request_that_was_not_served_is_given_back() -> None:
    stage = Stage((Quota(requests=1, tokens=5000),))
    stage.fail(stage.begin())
    assert stage.used() == {"requests": 0, "tokens": 0}
    stage.end(stage.begin())
    assert stage.used() == {"requests": 0, "tokens": 0}
    stage.begin()


def test_what_was_used_is_counted_when_it_is_known() -> None:
    stage = Stage((Quota(requests=9, tokens=900, cost=2),))
    stage.end(stage.begin(), spent(input=1, cache_read=2, cache_write=3, output=4))
    stage.end(stage.begin(), spent("0.25", input=10))
    assert stage.used() == {"requests": 2, "tokens": 20, "cost": 0.75}


def test_tokens_under_way_are_held_back() -> None:
    stage = Stage((Quota(tokens=1500),))
    first = stage.begin()
    second = stage.begin()
    error = refused(stage.begin)
    assert "0 of 1,500 today, and the rest is held back for requests under way" in error.message
    assert retry_headers(error) == [(b"retry-after", b"1")]
    stage.end(first, spent())
    stage.end(second, spent())
    assert stage.used() == {"tokens": 200}
    stage.begin()


def test_a_cost_under_way_is_held_back_by_what_such_requests_cost() -> None:
    stage = Stage((Quota(cost=1),))
    stage.end(stage.begin(), spent("0.4"))
    first = stage.begin()
    stage.begin()
    refused(stage.begin)
    stage.end(first, spent("0.1"))
    assert stage.used() == {"cost": 0.5}


def test_one_request_may_pass_the_limit_and_the_next_is_refused() -> None:
    stage = Stage((Quota(cost=0.6),))
    stage.end(stage.begin(), spent("0.5"))
    stage.end(stage.begin(), spent("9"))
    error = refused(stage.begin)
    assert "$9.5000 of $0.60 today" in error.message
    assert (b"x-should-retry", b"false") in retry_headers(error)


def test_an_unknown_cost_is_not_counted_and_remembered_as_unknown() -> None:
    stage = Stage((Quota(cost=1, tokens=1000),))
    stage.end(stage.begin(), spent(None))
    assert stage.used() == {"tokens": 100, "cost": 0}
    (meter,) = stage.book._meters["key", "default"]
    assert meter.unpriced == 1


def test_tokens_that_nobody_told_are_those_that_were_expected() -> None:
    stage = Stage((Quota(requests=5, tokens=100_000),))
    stage.end(stage.begin(), Spent("main", "m", Usage(), None, None, False))
    expected = len(BODY) // 4 + 1000
    assert stage.used() == {"requests": 1, "tokens": expected}
    stage.end(stage.begin(), read=False)
    assert stage.used() == {"requests": 2, "tokens": 2 * expected}


def test_a_client_that_leaves_before_the_answer_has_used_its_request() -> None:
    stage = Stage((Quota(requests=1),))
    reservation, record = stage.begin(), RequestRecord(id="r", at=NOW)
    attempt = AttemptRecord("main", "m", "anthropic")
    attempt.status = "canceled"
    record.attempts = [attempt]
    reservation.settle(record)
    (told,) = record.on_spent
    told([Spent("main", "m", Usage(), None, None, False)])
    refused(stage.begin)


def test_key_and_profile_are_counted_apart() -> None:
    stage = Stage((Quota(requests=5),), (Quota(requests=1),))
    stage.begin()
    error = refused(stage.begin)
    assert "of profile 'cheap'" in error.message
    assert stage.used() == {"requests": 1}
    stage.begin(profile=False)
    assert stage.used("profile", "cheap") == {"requests": 1}


def test_a_quota_that_soon_begins_anew_may_be_waited_for() -> None:
    stage = Stage((Quota(requests=1, per="minute"),))
    stage.begin()
    assert retry_headers(refused(stage.begin)) == [(b"retry-after", b"60")]
    stage.now += 60
    stage.begin()


def test_what_never_resets_is_not_to_be_waited_for() -> None:
    stage = Stage((Quota(requests=1, per="all"),))
    stage.begin()
    error = refused(stage.begin)
    assert "1 of 1 in all; it never resets" in error.message
    assert retry_headers(error) == [(b"x-should-retry", b"false")]


def test_history_is_read_for_each_new_quota_once() -> None:
    stage = Stage((Quota(requests=3),), (Quota(tokens=100, per="month"),))
    asked: list[tuple[str, str]] = []

    def load(scope: str, name: str, quota: Quota, since: float) -> list[Any]:
        asked.append((scope, name))
        return [(NOW - 60, 2, 40, PICO)]

    wanted = stage.book.missing(stage.config)
    stage.book.use(stage.config, wanted, stage.book.read_history(wanted, load))
    assert asked == [("key", "default"), ("profile", "cheap")]
    assert stage.book.missing(stage.config) == []
    assert stage.used() == {"requests": 2}
    assert stage.used("profile", "cheap") == {"tokens": 40}
    stage.begin()
    refused(stage.begin)


def test_what_was_counted_stays_when_the_configuration_changes() -> None:
    stage = Stage((Quota(requests=3),))
    stage.book.use(stage.config, [], [])
    stage.begin()
    more = Key("default", "sha256:0", quotas=(Quota(requests=3), Quota(tokens=5)))
    changed = Config(keys=(more,))
    wanted = stage.book.missing(changed)
    assert wanted == [("key", "default", Quota(tokens=5))]
    stage.book.use(changed, wanted, stage.book.read_history(wanted, lambda *_: []))
    assert stage.used() == {"requests": 1, "tokens": 0}
    stage.book.use(Config(), [], [])
    assert stage.used() == {}


def test_a_store_that_cannot_be_read_is_counted_from_now_on() -> None:
    stage = Stage((Quota(requests=3),))

    def load(*_: object) -> list[Any]:
        raise StoreError("broken")

    wanted = stage.book.missing(stage.config)
    (meter,) = stage.book.read_history(wanted, load)
    assert meter.used(NOW) == Amounts()


def test_after_the_loop_has_ended_nothing_is_counted_and_nothing_raises() -> None:
    stage = Stage((Quota(requests=3, tokens=50_000),))

    def closed(work: Callable[[], None]) -> None:
        raise RuntimeError("Event loop is closed")

    stage.book.call_soon = closed
    stage.end(stage.begin(), spent())
    assert stage.used() == {"requests": 1, "tokens": 0}


def test_what_is_known_at_the_end_is_counted_before_the_next_request() -> None:
    stage = Stage((Quota(tokens=1000),))
    stage.book.read_now = lambda record: [spent()]
    reservation, record = stage.begin(), RequestRecord(id="r", at=NOW)
    attempt = AttemptRecord("main", "m", "anthropic")
    attempt.answer = [b"x"]
    record.attempts = [attempt]
    reservation.settle(record)
    assert not record.on_spent
    assert stage.used() == {"tokens": 100}
    stage.begin()
