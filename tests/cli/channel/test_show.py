import re

from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.health import running
from tests.support.home import Home, channel
from tests.support.upstream import refusing_url

KEYS = [
    *("name", "type", "enabled", "base_url", "protocols", "models", "weight", "priority"),
    *("tags", "tokens", "health", "limits"),
]


def test_without_channels_the_list_says_how_to_add_one(cli: Cli) -> None:
    result = cli.ok("channel", "list")
    assert result.out == ""
    assert "axonhub channel add --type claude-code" in result.err
    assert cli.ok("channel", "list", "--json").json == []


def test_the_list_in_json_has_the_keys_of_the_contract(cli: Cli) -> None:
    cli.add_channel("main", "--tag", "a", "--priority", "3")
    (found,) = cli.ok("channel", "list", "--json").json
    assert list(found) == KEYS
    assert found["base_url"] == "https://api.anthropic.com"
    assert found["protocols"] == ["anthropic"]
    assert found["models"] == ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"]
    assert (found["tokens"], found["tags"], found["priority"]) == (1, ["a"], 3)
    assert (found["health"], found["limits"]) == (None, None)


def test_health_is_known_while_a_daemon_runs(daemon: Daemon, cli: Cli) -> None:
    (found,) = cli.ok("channel", "list", "--json").json
    assert found["health"] == "closed"
    assert "health     closed\n" in cli.ok("channel", "show", "main").out


def test_a_channel_that_failed_or_has_no_token_is_told(home: Home, cli: Cli) -> None:
    with refusing_url() as url:
        lost = channel(url, "lost", models=["x"], tokens=["env:NOT_SET"])
        home.configure(channel(url), lost, channel(url, "off", enabled=False))
        daemon = Daemon(home).start()
        try:
            assert daemon.post(b'{"model":"claude-x","messages":[]}')[0] == 502
            found = cli.ok("channel", "list", "--json").json
            rows = cli.ok("channel", "list").out.splitlines()[1:]
            shown = cli.ok("channel", "show", "main").out
        finally:
            daemon.stop()
    assert [each["health"] for each in found] == ["open", "no token", None]
    assert [row.rstrip().rpartition("  ")[2].strip() for row in rows][1:] == ["no token", "–"]
    left = re.search(r"open, (\d+) s left", rows[0])
    assert left is not None and 0 < int(left[1]) <= 15
    assert "health     open, " in shown


def test_a_daemon_of_another_version_is_not_understood_and_breaks_nothing(
    home: Home, cli: Cli
) -> None:
    cli.add_channel("main")
    with running(home.paths, health={"main": "fine"}):
        assert cli.ok("channel", "list", "--json").json[0]["health"] is None


def test_the_list_shows_names_and_never_patterns(cli: Cli) -> None:
    cli.add_channel("main")
    cli.ok("channel", "add", "--type", "echo", "--no-test", "--model", "a,b,c,d,x-*")
    cli.ok("channel", "disable", "main")
    lines = cli.ok("channel").out.splitlines()
    assert lines[0].split() == [
        *("NAME", "TYPE", "ENABLED", "MODELS", "TOKENS", "WEIGHT", "PRIORITY", "HEALTH")
    ]
    assert lines[1].split()[:3] == ["main", "anthropic", "no"]
    assert "a, b, c +1" in lines[2]
    assert "*" not in lines[2]


def test_one_channel_in_json_has_the_lists_keys_and_more(cli: Cli) -> None:
    cli.add_channel("main", "--map", "sonnet=claude-sonnet-4-5")
    found = cli.ok("channel", "show", "main", "--json").json
    assert list(found)[: len(KEYS)] == KEYS
    assert found["patterns"] == ["claude-*"]
    assert found["mappings"] == [{"from": "sonnet", "to": "claude-sonnet-4-5"}]
    assert found["models"][0] == "sonnet"


def test_one_channel_for_people_leaves_out_what_is_not_set(cli: Cli) -> None:
    cli.add_channel("main")
    shown = cli.ok("channel", "show", "main").out
    assert "base URL   https://api.anthropic.com\n" in shown
    assert "health     – (no daemon has used it yet)\n" in shown
    assert "proxy" not in shown and "auth" not in shown


def test_no_way_of_showing_a_channel_shows_a_secret(cli: Cli) -> None:
    token = "sk-ant-oat01-" + "s3cret" * 5
    cli.add_channel("main", "--proxy", "http://user:s3cret@127.0.0.1:3128", token=token)
    cli.ok(
        *("channel", "add", "two", "--type", "anthropic", "--no-test"),
        *("--token-command", "echo s3cret"),
    )
    for argv in (
        *(("channel", "list"), ("channel", "show", "main"), ("channel", "show", "two")),
        *(("channel", "token", "main"), ("channel", "token", "two"), ("channel", "models", "main")),
        *(("config", "show"), ("config", "check"), ("config", "get", "server")),
    ):
        for flags in ((), ("--json",)):
            result = cli.ok(*argv, *flags)
            assert "s3cret" not in result.out + result.err, argv
