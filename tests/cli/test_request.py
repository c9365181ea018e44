import json
import re
import subprocess
import sys

import pytest

from axonhub_cli.cli.request import cost_in_words, sent_tokens, tokens_in_words
from axonhub_cli.tracing.rows import Tokens
from tests.cli.conftest import SESSION
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import as_events, text, truncated
from tests.support.upstream import Close, Upstream
from tests.tracing.records import attempt, record, store
from tests.tracing.requests import row


def oldest(home: Home) -> str:
    """The id of the request that failed over."""
    return str(home.json("request", "list")[-1]["id"])


def test_requests_are_listed_newest_first(recorded: Home) -> None:
    lines = recorded.axonhub("request").stdout.splitlines()
    assert lines[0].split()[:3] == ["ID", "AT", "MODEL"]
    assert "(count_tokens)" in lines[1]
    assert "completed (2 attempts)" in lines[-1]
    assert "claude-x → y-1" in lines[-1]
    assert len(lines) == 6


def test_the_list_as_json_has_the_contracts_keys(recorded: Home) -> None:
    request = recorded.json("request", "list")[-1]
    assert request["trace_id"] == SESSION
    assert request["model"] == "claude-x"
    assert request["upstream_model"] == "y-1"
    assert request["tokens"]["cache_read"] == 900
    assert [attempt["channel"] for attempt in request["attempts"]] == ["first", "second"]
    assert [attempt["status"] for attempt in request["attempts"]] == [529, 200]


def test_filters_narrow_the_list(recorded: Home) -> None:
    def number(*options: str) -> int:
        return len(recorded.json("request", "list", *options))

    assert number("--trace", SESSION[:8]) == 4
    assert number("--status", "failed") == 1
    assert number("--model", "y-1", "--limit", "3") == 3
    assert number("--channel", "nowhere") == 0


def test_without_any_request_the_next_step_is_told(home: Home) -> None:
    done = home.axonhub("request", "list")
    assert done.stdout == ""
    assert "no requests yet" in done.stderr


def test_a_request_is_shown_with_its_attempts(recorded: Home) -> None:
    shown = recorded.axonhub("request", "show", oldest(recorded)[:12]).stdout
    assert "952 in (900 from the cache, 40 into it), 5 out" in shown
    assert "ATTEMPT" in shown
    assert "529" in shown


def test_what_a_request_cost_stands_with_the_version_of_its_price() -> None:
    assert cost_in_words(row(cost_usd=0.00962, price="own:1")) == "$0.0096 (own:1)"
    assert cost_in_words(row(cost_usd=1.0, price="p", unpriced=1)) == "≥ $1.00 (p)"
    assert cost_in_words(row(unpriced=1)) == "unknown"
    assert cost_in_words(row()) == ""


def test_costs_are_in_the_list_and_in_what_is_shown_of_a_request(recorded: Home) -> None:
    listed = recorded.axonhub("request", "list").stdout.splitlines()
    assert listed[0].split()[-1] == "COST"
    assert listed[1].split()[-1] == "–"  # a count of tokens
    assert listed[-1].split()[-1] == "unknown"
    shown = recorded.axonhub("request", "show", oldest(recorded)).stdout
    assert re.search(r"cost\s+unknown", shown)
    found = recorded.json("request", "show", oldest(recorded))
    assert (found["unpriced"], [one["unpriced"] for one in found["attempts"]]) == (1, [0, 1])


def test_a_request_as_json_has_headers_and_decision_without_credentials(recorded: Home) -> None:
    found = recorded.json("request", "show", oldest(recorded))
    assert found["decision"]["candidates"][0]["channel"] == "first"
    names = [name for name, _ in found["headers"]]
    assert "user-agent" in names
    assert recorded.environ["TEST_KEY"] not in json.dumps(found)


def test_the_body_comes_byte_for_byte(recorded: Home) -> None:
    command = [sys.executable, "-m", "axonhub_cli", "request", "show", oldest(recorded)]
    sent, upstream = (
        subprocess.run(
            [*command, flag], env=recorded.environ, capture_output=True, timeout=15, check=True
        ).stdout
        for flag in ("--body", "--upstream")
    )
    assert json.loads(sent)["model"] == "claude-x"
    # Only the model's name was spliced.
    assert upstream == sent.replace(b'"claude-x"', b'"y-1"')


def test_the_answer_is_what_came_back(recorded: Home) -> None:
    shown = recorded.axonhub("request", "show", oldest(recorded), "--answer").stdout
    assert shown.startswith("event: message_start")
    found = recorded.json("request", "show", oldest(recorded), "--body")
    assert found["body"]["messages"][0]["role"] == "user"


def test_two_bodies_at_once_are_a_usage_error(recorded: Home) -> None:
    done = recorded.axonhub("request", "show", "x", "--body", "--upstream", check=False)
    assert done.returncode == 2
    assert "--body and --upstream exclude each other" in done.stderr


def test_a_body_that_was_not_stored_is_an_error(recorded: Home) -> None:
    failed = recorded.json("request", "list", "--status", "failed")[0]["id"]
    # Its answer was read whole by the daemon and is kept; there is no fifth request to ask for.
    assert recorded.axonhub("request", "show", failed, "--upstream").returncode == 0
    done = recorded.axonhub("request", "show", "req_none", "--body", check=False)
    assert done.returncode == 1
    assert "req_none" in done.stderr


def test_channel_tests_are_shown_when_asked_for(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    assert home.json("request", "list", "--tests") == []


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (Tokens(), "–"),
        (Tokens(input=3, output=0), "3 in, 0 out"),
        (
            Tokens(input=1, cache_write=4, output=9, reasoning=2),
            "5 in (4 into it), 9 out (2 reasoning)",
        ),
    ],
)
def test_tokens_are_put_in_words(tokens: Tokens, words: str) -> None:
    assert tokens_in_words(tokens) == words


def test_unknown_tokens_are_not_zero() -> None:
    assert sent_tokens(Tokens()) is None
    assert sent_tokens(Tokens(cache_read=0)) == 0


def test_what_was_sent_to_nobody_has_no_body_sent_and_no_answer(home: Home) -> None:
    home.configure()
    daemon = Daemon(home).start()
    daemon.post(b'{"model":"gpt-9"}')
    daemon.stop()
    found = oldest(home)
    assert home.axonhub("request", "show", found, "--body").stdout == '{"model":"gpt-9"}'
    for body in ("--upstream", "--answer"):
        done = home.axonhub("request", "show", found, body, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "nothing was sent to a provider" in done.stderr
    trace = home.json("trace", "list")[0]["id"]
    head = home.axonhub("trace", "show", trace).stdout.splitlines()
    assert head[1].startswith("unknown client · 1 request · failed")
    assert head[2] == "models gpt-9"


def test_a_stream_that_broke_is_not_said_to_have_failed_with_200(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    upstream.script(truncated(as_events(text("never whole")), 700, how=Close()))
    daemon.post(b'{"model":"claude-x","stream":true}')
    daemon.stop()
    shown = home.axonhub("request", "list").stdout
    assert "  failed  " in shown
    assert "failed 200" not in shown
    (request,) = home.json("request", "list")
    assert request["http_status"] == 200


def test_an_answer_that_was_too_much_to_keep_says_so(home: Home) -> None:
    home.configure()
    cut = attempt(b"data: the beginning", answer_dropped=4096)
    gone = attempt(b"", answer_dropped=70_000)
    made = [record("r1", attempts=[cut]), record("r2", attempts=[gone])]
    store(home.paths.trace_db, made).close()
    shown = home.axonhub("request", "show", "r1", "--answer")
    assert shown.stdout == "data: the beginning"
    assert "the last 4,096 bytes were too much to keep" in shown.stderr
    done = home.axonhub("request", "show", "r2", "--answer", check=False)
    assert done.returncode == 1
    assert "too much to keep: 70,000 bytes" in done.stderr
    assert home.json("request", "show", "r2")["attempts"][0]["answer_dropped"] == 70_000
