"""`axonhub explain`: the decision in words and as JSON, from a daemon's state or a saved one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import plays
from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

MODEL = "claude-sonnet-4-5"
BODY = json.dumps({"model": MODEL, "max_tokens": 9, "messages": []}).encode()


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    home.configure(
        channel("http://127.0.0.1:9", "a", weight=80),
        channel("http://127.0.0.1:9", "b", weight=20),
        channel("http://127.0.0.1:9", "late", priority=1),
        channel("http://127.0.0.1:9", "off", enabled=False),
        mappings={"sonnet": MODEL},
    )
    return Cli(home, monkeypatch, capsys)


def explained(cli: Cli, *argv: str, stdin: str = "") -> Any:
    return cli.ok("explain", *argv, "--json", stdin=stdin).json


def order(record: Any) -> list[str]:
    return [entry["channel"] for entry in record["candidates"]]


def test_the_decision_is_told_in_words(cli: Cli) -> None:
    said = cli.ok("explain", "sonnet").out
    for words in (
        f"sonnet → {MODEL}",
        f"rule      sonnet → {MODEL}",
        "default, profile default",
        "strategy  adaptive",
        "none: nothing is known of the channels yet",
        "80%",
        "weight 80",
        "not used: off – is disabled",
    ):
        assert words in said
    assert said.index("\na ") < said.index("\nb ") < said.index("\nlate ")


def test_the_same_as_json(cli: Cli) -> None:
    record = explained(cli, "sonnet")
    assert (record["asked"], record["model"], record["rule"]) == (
        "sonnet",
        MODEL,
        f"sonnet → {MODEL}",
    )
    assert (record["key"], record["profile"], record["protocol"]) == (
        *("default", "default"),
        "anthropic",
    )
    assert order(record) == ["a", "b", "late"]
    assert [entry.get("share") for entry in record["candidates"]] == [0.8, 0.2, None]
    assert record["rejected"] == [{"channel": "off", "reason": "is disabled"}]
    assert record["state"] == {"source": "none", "age_s": None}
    assert record["refusal"] is None


def test_a_session_has_its_own_order_and_no_shares(cli: Cli) -> None:
    record = explained(cli, MODEL, "--session", "s-1")
    assert record["affinity"] == {"first_choice": order(record)[0], "stays": None}
    assert all("share" not in entry for entry in record["candidates"])
    firsts = {order(explained(cli, MODEL, "--session", f"s-{n}"))[0] for n in range(12)}
    assert firsts == {"a", "b"}


def test_model_and_session_are_read_from_a_body(cli: Cli, tmp_path: Path) -> None:
    user = {"session_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427"}
    body = json.dumps({"model": "sonnet", "metadata": {"user_id": json.dumps(user)}})
    file = tmp_path / "body.json"
    file.write_text(body)
    for record in (
        explained(cli, "--body", str(file)),
        explained(cli, "--body", "-", stdin=body),
    ):
        assert record["asked"] == "sonnet"
        assert record["session"] == user["session_id"]
    assert explained(cli, "other", "--body", str(file))["asked"] == "other"


def test_another_profile_and_protocol_may_be_asked_for(cli: Cli) -> None:
    cli.ok("profile", "create", "plain")
    assert explained(cli, "sonnet", "--profile", "plain")["rule"] is None
    record = explained(cli, MODEL, "--protocol", "openai_chat")
    assert "needs conversion to anthropic" in record["candidates"][0]["notes"]


def test_a_model_that_nobody_serves_is_explained_with_the_clients_error(cli: Cli) -> None:
    result = cli.ok("explain", "gpt-9")
    assert "would be refused: no channel serves the model 'gpt-9'" in result.out
    assert "not used: a – does not serve this model" in result.out
    record = explained(cli, "gpt-9")
    assert record["candidates"] == []
    assert "no channel serves" in record["refusal"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "which model?"),
        (["--body", "-"], "stdin is not JSON"),
        (["--body", "/nowhere.json"], "cannot read /nowhere.json"),
        ([MODEL, "--key", "nobody"], "there is no key 'nobody'"),
        ([MODEL, "--profile", "defaul"], "did you mean"),
        ([MODEL, "--protocol", "soap"], "one of: anthropic, openai_chat"),
        ([MODEL, "--channel", "a"], "--channel goes with --policy"),
        (["--policy", MODEL], "--policy explains no model"),
        (["--policy", "--channel", "x"], "there is no channel 'x'"),
    ],
)
def test_wrong_usage_is_told_with_the_way_out(cli: Cli, argv: list[str], said: str) -> None:
    assert said in cli.fails("explain", *argv, stdin="{")


def test_a_body_that_is_no_object_or_names_no_model_is_refused(cli: Cli) -> None:
    assert "is not a JSON object" in cli.fails("explain", "--body", "-", stdin="[]")
    assert "The body names none" in cli.fails("explain", "--body", "-", stdin="{}")


def test_the_running_daemons_state_is_used_and_then_the_saved_one(
    cli: Cli, home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url, "a"), channel(upstream.url, "b", priority=1))
    upstream.script(plays.rate_limited("600"))
    daemon = Daemon(home).start()
    try:
        assert daemon.post(BODY, ah_trace_id="s")[1]["ah-channel"] == "b"
        record = explained(cli, MODEL, "--session", "s")
        assert record["state"]["source"] == "daemon"
        assert record["affinity"] == {"first_choice": "a", "stays": "b"}
        assert order(record) == ["b", "a"]
        said = cli.ok("explain", MODEL, "--session", "s").out
        assert "the running daemon's" in said
        assert "first choice a, its prompt cache is at b" in said
        assert "rests for" in said
        assert "(429)" in said
    finally:
        daemon.stop()
    assert explained(cli, MODEL)["state"]["source"] == "file"
    assert "as saved" in cli.ok("explain", MODEL).out
    assert len(upstream.requests) == 2, "explaining asks nobody"


def test_conditions_are_met_as_the_request_is_said_to_be(cli: Cli, tmp_path: Path) -> None:
    cli.ok("profile", "map", "haiku", "small", "--when", "background")
    cli.ok("profile", "map", "haiku", MODEL)
    assert explained(cli, "haiku")["model"] == MODEL
    assert explained(cli, "haiku", "--when", "background")["model"] == "small"
    said = cli.ok("explain", "haiku", "--when", "not-background").out
    assert "request   not background" in said
    assert "is no condition" in cli.fails("explain", "haiku", "--when", "sunny")


def test_the_cheapest_is_first_where_cost_decides(cli: Cli, home: Home) -> None:
    prices = [{"model": "*", "channel": n, "request": p} for n, p in (("a", 2.0), ("b", 0.5))]
    home.configure(
        *(channel("http://127.0.0.1:9", name) for name in ("a", "b")),
        routing={"strategy": "least-cost"},
        prices=prices,
    )
    record = explained(cli, MODEL)
    assert order(record) == ["b", "a"]
    assert [entry["price"] for entry in record["candidates"]] == [0.5, 2.0]


def test_what_a_limit_has_left_is_known_from_the_last_answers(
    cli: Cli, home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url, "a"), channel(upstream.url, "b", priority=1))
    limits = {"limit": "100", "remaining": "10", "reset": "2099-01-01T00:00:00Z"}
    headers = [(f"anthropic-ratelimit-requests-{name}", value) for name, value in limits.items()]
    answer = json.dumps(plays.as_message(plays.text("pong"))).encode()
    upstream.script(plays.body(200, answer, plays.JSON, *headers))
    daemon = Daemon(home).start()
    try:
        assert daemon.post(BODY)[1]["ah-channel"] == "a"
        running = explained(cli, MODEL)
    finally:
        daemon.stop()
    for record in (running, explained(cli, MODEL)):
        assert record["candidates"][0]["channel"] == "a"
        assert record["candidates"][0]["headroom"] < 0.3
