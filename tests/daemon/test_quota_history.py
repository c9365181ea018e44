"""Quotas in a running daemon: parallel calls, refusals of each protocol, and after a restart."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest

from axonhub_cli.config.schema import Config, Key, Quota
from axonhub_cli.daemon.quota_history import QuotaHistory
from axonhub_cli.errors import StoreError
from axonhub_cli.proxy.quotas import QuotaBook
from axonhub_cli.tracing.schema import m001_first_tables
from axonhub_cli.tracing.usage_queries import UsageReader
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import error
from tests.support.upstream import PATIENCE, Upstream

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
}
RAW = json.dumps(BODY).encode()
CHAT = "/v1/chat/completions"
COUNT = "/anthropic/v1/messages/count_tokens"
ANSWER_TOKENS = 12 + 40 + 900 + 5

Answer = tuple[int, Mapping[str, str], bytes]


def limited(home: Home, upstream: Upstream, *quotas: dict[str, Any], **more: Any) -> None:
    home.configure(channel(upstream.url), key={"quotas": list(quotas)}, **more)


def wait_until_used(daemon: Daemon, marker: str) -> None:
    """The daemon, which looks at its files every few milliseconds, has the new configuration."""
    deadline = monotonic() + PATIENCE
    while daemon.get(f"/v1/models/{marker}")[0] != 200:
        assert monotonic() < deadline, "the daemon does not take its new configuration"


def wait_until_counted(home: Home, requests: int) -> None:
    """The writer has told what so many requests used."""
    deadline = monotonic() + PATIENCE
    while True:
        counted = 0
        with suppress(StoreError):  # there is no file yet
            reader = UsageReader(home.paths.trace_db)
            counted = sum(row.requests for row in reader.sums("key"))
            reader.close()
        if counted >= requests:
            return
        assert monotonic() < deadline, f"{counted} of {requests} requests are recorded"


@pytest.fixture
def stopping() -> Any:
    """Daemons that the test started itself."""
    daemons: list[Daemon] = []
    yield daemons
    for daemon in daemons:
        daemon.stop()


def test_of_fifty_calls_at_once_exactly_as_many_pass_as_the_quota_has(
    home: Home, upstream: Upstream, stopping: list[Daemon]
) -> None:
    limited(home, upstream, {"requests": 10, "per": "day"})
    daemon = Daemon(home).start()
    stopping.append(daemon)
    with ThreadPoolExecutor(50) as pool:
        answers: list[Answer] = list(pool.map(lambda _: daemon.post(RAW), range(50)))
    statuses = [status for status, _, _ in answers]
    assert (statuses.count(200), statuses.count(429)) == (10, 40)
    assert len(upstream.generations) == 10
    refused = next(answer for answer in answers if answer[0] == 429)
    told = json.loads(refused[2])["error"]
    assert told["type"] == "rate_limit_error"
    assert "the requests quota of key 'default' is used up: 10 of 10 today" in told["message"]
    assert "it resets at 00:00" in told["message"]
    assert refused[1]["x-should-retry"] == "false"
    assert 0 < int(refused[1]["retry-after"]) <= 25 * 3600


def test_each_protocol_refuses_in_its_own_shape_and_lists_and_counts_stay_free(
    home: Home, upstream: Upstream, stopping: list[Daemon]
) -> None:
    limited(home, upstream, profile={"quotas": [{"requests": 1, "per": "all"}]})
    daemon = Daemon(home).start()
    stopping.append(daemon)
    assert daemon.post(RAW, COUNT)[0] == 200
    assert daemon.post(RAW)[0] == 200
    status, headers, body = daemon.post(RAW, CHAT)
    told = json.loads(body)["error"]
    assert (status, told["type"], told["code"]) == (429, *["insufficient_quota"] * 2)
    assert "of profile 'default' is used up: 1 of 1 in all; it never resets" in told["message"]
    assert headers["x-should-retry"] == "false"
    assert daemon.post(RAW, COUNT)[0] == 200
    assert daemon.get("/v1/models")[0] == 200


def test_what_failed_without_use_is_given_back(
    home: Home, upstream: Upstream, stopping: list[Daemon]
) -> None:
    limited(home, upstream, {"requests": 1, "per": "day"})
    upstream.script(error(400, "invalid_request_error", "no"))
    daemon = Daemon(home).start()
    stopping.append(daemon)
    assert daemon.post(RAW)[0] == 400
    wait_until_counted(home, 1)
    assert daemon.post(RAW)[0] == 200
    assert daemon.post(RAW)[0] == 429


def test_tokens_and_cost_are_those_of_the_answers(
    home: Home, upstream: Upstream, stopping: list[Daemon]
) -> None:
    quotas = [{"tokens": ANSWER_TOKENS + 1}, {"cost": 0.01}]
    prices = [{"model": "*", "request": 0.02}]
    limited(home, upstream, quotas[0])
    daemon = Daemon(home).start()
    stopping.append(daemon)
    assert daemon.post(RAW)[0] == 200
    wait_until_counted(home, 1)
    assert daemon.post(RAW)[0] == 200
    wait_until_counted(home, 2)
    assert b"the tokens quota" in daemon.post(RAW)[2]

    limited(home, upstream, quotas[1], prices=prices, mappings={"changed": "claude-x"})
    wait_until_used(daemon, "changed")
    assert daemon.post(RAW)[0] == 200
    # The refused one is recorded too.
    wait_until_counted(home, 4)
    status, _, body = daemon.post(RAW)
    assert status == 429
    # The first two cost something too, by the list of prices.
    assert b"the cost quota of key 'default' is used up: $0.02" in body
    assert b" of $0.01 today" in body


def test_what_was_used_is_known_after_a_restart_and_to_a_quota_that_is_new(
    home: Home, upstream: Upstream, stopping: list[Daemon]
) -> None:
    home.configure(channel(upstream.url))
    first = Daemon(home).start()
    assert [first.post(RAW)[0] for _ in range(3)] == [200] * 3
    first.stop()
    assert upstream.requests
    limited(home, upstream, {"requests": 4, "per": "month"})
    second = Daemon(home).start()
    stopping.append(second)
    assert [second.post(RAW)[0] for _ in range(2)] == [200, 429]
    wait_until_counted(home, 4)
    quota = {"requests": 6, "per": "hour", "sliding": True}
    limited(home, upstream, quota, mappings={"changed": "claude-x"})
    wait_until_used(second, "changed")
    assert [second.post(RAW)[0] for _ in range(3)] == [200, 200, 429]


def test_after_an_update_what_an_older_daemon_recorded_counts(tmp_path: Path) -> None:
    file = tmp_path / "traces.db"
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT)")
    m001_first_tables(db)
    db.execute("INSERT INTO migrations VALUES ('m001_first_tables', '')")
    db.execute(
        """INSERT INTO requests (id, at, source, key, protocol, operation, stream, status)
        VALUES ('r', ?, 'api', 'k', 'anthropic', 'generate', 0, 'completed')""",
        (time(),),
    )
    db.close()
    book = QuotaBook(time)
    key = Key("k", "sha256:0", quotas=(Quota(requests=5, per="all"),))
    asyncio.run(QuotaHistory(book, file).follow(Config(keys=(key,))))
    assert [limit.used for limit in book.limits("key", "k")] == [1]
