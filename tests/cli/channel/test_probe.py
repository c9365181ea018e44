from tests.support import plays
from tests.support.cli import Cli
from tests.support.home import TOKEN, channel
from tests.support.upstream import Upstream, refusing_url

MODELS = {"models": ["claude-a", "claude-b", "claude-*"]}


def test_a_passing_test_prints_model_time_and_tokens(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    result = cli.ok("channel", "test", "main")
    assert result.out.startswith("ok  claude-a  ")
    assert "12 tokens in, 5 out" in result.out
    assert result.err == ""


def test_the_json_of_a_test_has_the_keys_of_the_contract(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    found = cli.ok("channel", "test", "main", "--stream", "--json").json
    assert list(found)[:5] == ["channel", "ok", "model", "ms", "first_token_ms"]
    assert (found["channel"], found["ok"], found["model"]) == ("main", True, "claude-a")
    assert found["ms"] >= found["first_token_ms"] >= 0
    assert found["error"] is None
    assert upstream.generations[0].json["stream"] is True


def test_the_model_can_be_named(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    assert cli.ok("channel", "test", "main", "--model", "claude-z").out.startswith("ok  claude-z ")
    assert upstream.generations[0].json["model"] == "claude-z"


def test_a_failing_test_tells_the_upstreams_own_error(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    upstream.script(plays.overloaded(), plays.overloaded())
    said = cli.fails("channel", "test", "main", code=1)
    assert said.startswith("error: channel 'main' failed its test: ")
    assert "Overloaded" in said
    assert "hint: " in said
    result = cli("channel", "test", "main", "--json")
    assert result.code == 1
    assert result.json["ok"] is False
    assert result.json["error"] == "it answered 529 (Overloaded)"


def test_an_upstream_that_is_not_there_is_told(cli: Cli) -> None:
    with refusing_url() as url:
        cli.home.configure(channel(url, **MODELS))
        assert "cannot connect" in cli.fails("channel", "test", "main", code=1)


def test_all_tests_every_model_that_has_a_name(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    upstream.script(plays.message("pong"), plays.overloaded())
    result = cli("channel", "test", "main", "--all")
    assert result.code == 1
    first, second = result.out.splitlines()
    assert first.startswith("ok  claude-a ") and second.startswith("failed  claude-b ")
    assert result.err == "error: 1 of 2 models of channel 'main' failed\n"
    found = cli.ok("channel", "test", "main", "--all", "--json").json
    assert [document["model"] for document in found] == ["claude-a", "claude-b"]


def test_all_needs_names(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url))
    assert "serves by patterns alone" in cli.fails("channel", "test", "main", "--all")
    assert "exclude each other" in cli.fails("channel", "test", "main", "--all", "--model", "m")


def test_a_channel_of_patterns_whose_provider_lists_nothing_asks_for_a_model(
    cli: Cli, listless: Upstream
) -> None:
    cli.home.configure(channel(listless.url))
    said = cli.fails("channel", "test", "main", code=1)
    assert "hint: `axonhub channel test main --model MODEL`" in said


def test_a_token_that_cannot_be_read_is_a_failed_test(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS, tokens=["env:NOT_SET"]))
    assert "'NOT_SET' is not set" in cli.fails("channel", "test", "main", code=1)
    result = cli("channel", "test", "main", "--json")
    assert (result.code, result.json["ok"], result.json["model"]) == (1, False, "claude-a")


def test_a_disabled_channel_can_be_tested(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, **MODELS, enabled=False))
    assert "It is disabled: axonhub channel enable main" in cli.ok("channel", "test", "main").err


def test_tests_are_recorded_and_hidden_from_lists_unless_asked_for(
    cli: Cli, upstream: Upstream
) -> None:
    cli.home.configure(channel(upstream.url, **MODELS))
    upstream.script(plays.overloaded(), plays.stream("pong"))
    cli("channel", "test", "main")
    cli.ok("channel", "test", "main", "--stream")
    assert cli.ok("request", "list", "--json").json == []
    assert cli.ok("trace", "list", "--json").json == []
    works, fails = cli.ok("request", "list", "--tests", "--json").json
    assert (fails["source"], fails["status"], fails["http_status"]) == ("test", "failed", 529)
    assert (works["source"], works["status"], works["stream"]) == ("test", "completed", True)
    assert works["tokens"]["input"] == 12
    answer = cli.home.axonhub("request", "show", works["id"], "--answer").stdout
    assert "pong" in answer
    assert TOKEN.encode() not in cli.home.paths.trace_db.read_bytes()
