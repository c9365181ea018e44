import pytest

from axonhub_cli.config.schema import Mapping
from tests.support.cli import Cli


def test_profiles_are_listed_with_the_keys_they_are_active_for(cli: Cli) -> None:
    unlimited = {
        **dict.fromkeys(("models", "channels", "tags"), []),
        "tags_match": "any",
        "strategy": None,
        "affinity": None,
        "weights": {},
        "last_resort": False,
    }
    assert cli.ok("profile", "list", "--json").json == []
    assert "axonhub profile map FROM TO" in cli.ok("profile").err
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "create", "cheap")
    cli.ok("key", "create", "ci", "--profile", "cheap")
    assert cli.ok("profile", "list", "--json").json == [
        {
            "name": "default",
            "mappings": [{"from": "a", "to": "x"}],
            "active_for": ["default"],
            "keys": ["default"],
            **unlimited,
        },
        {"name": "cheap", "mappings": [], "active_for": ["ci"], "keys": ["ci"], **unlimited},
    ]
    assert cli.ok("profile").out.splitlines()[1].split() == ["default", "1", "default"]


def test_a_profile_shows_its_rules_in_their_order(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "y", "--position", "1")
    lines = cli.ok("profile", "show", "default").out.splitlines()
    assert [line.split() for line in lines[1:]] == [["1", "b", "y"], ["2", "a", "x"]]
    found = cli.ok("profile", "show", "default", "--json").json
    assert found["mappings"] == [{"from": "b", "to": "y"}, {"from": "a", "to": "x"}]


def test_conditions_and_limits_are_shown(cli: Cli) -> None:
    cli.add_channel("main", "--tag", "fast")
    cli.ok("profile", "map", "a", "x", "--when", "background", "--when", "tokens>5")
    cli.ok("profile", "map", "a", "y")
    argv = ("--model", "claude-*", "--tag", "fast", "--weight", "main=50", "--no-affinity")
    cli.ok("profile", "limit", "default", *argv, "--cost", "5", "--last-resort")
    lines = [line.split("  ") for line in cli.ok("profile", "show", "default").out.splitlines()]
    rows = [[word.strip() for word in line if word.strip()] for line in lines]
    assert rows[0] == ["#", "FROM", "TO", "WHEN"]
    assert rows[1] == ["1", "a", "x", "background, tokens>5"]
    assert rows[2] == ["2", "a", "y"]
    assert ["models", "claude-*"] in rows and ["any of the tags", "fast"] in rows
    assert ["weights", "main=50"] in rows and ["affinity", "off"] in rows
    found = cli.ok("profile", "show", "default", "--json").json
    when = {"background": True, "over_tokens": 5}
    assert found["mappings"][0] == {"from": "a", "to": "x", "when": when}
    assert (found["models"], found["weights"], found["affinity"]) == (
        ["claude-*"],
        {"main": 50},
        False,
    )
    listed = cli.ok("profile", "list").out.splitlines()[1]
    assert "models: claude-*; any of the tags: fast; weights: main=50" in listed
    assert "quota: 5 USD per day" in listed


def test_a_profile_is_switched_for_a_key(cli: Cli) -> None:
    cli.ok("profile", "create", "a")
    cli.ok("profile", "create", "b")
    cli.ok("key", "create", "ci", "--profile", "a")
    cli.ok("profile", "use", "b", "--key", "ci")
    key = cli.config().key("ci")
    assert key is not None
    assert (key.profiles, key.active_profile) == (("a", "b"), "b")
    cli.ok("profile", "use", "b")
    assert cli.config().key("default") is not None


def test_removing_a_profile_unbinds_it(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    assert "add --yes" in cli.fails("profile", "remove", "default")
    result = cli.ok("profile", "remove", "default", "--yes")
    assert "Key default has no active profile now." in result.err
    key = cli.config().key("default")
    assert key is not None
    assert (key.profiles, key.active_profile) == ((), None)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("create", "cheap"), "there is a profile 'cheap' already"),
        (("create", "a b"), "is not a name"),
        (("show", "chep"), "there is no profile 'chep': did you mean 'cheap'?"),
        (("map", "a", "b", "--profile", "chep"), "there is no profile 'chep'"),
        (("map", "a", " ", "--profile", "cheap"), "TO is empty"),
        (("map", "", "b", "--profile", "cheap"), "an empty model name"),
        (("map", "a", "b", "--profile", "cheap", "--position", "0"), "--position"),
        (("map", "a"), "missing argument 'TO'"),
        (("unmap", "b", "--profile", "cheap"), "profile 'cheap' has no rule for 'b'"),
        (("unmap", "a"), "has no active profile"),
        (("use", "chep"), "there is no profile 'chep'"),
        (("use", "cheap", "--key", "no"), "there is no key 'no'"),
        (("remove", "chep", "--yes"), "there is no profile 'chep'"),
    ],
)
def test_a_wrong_command_line_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    cli.ok("profile", "create", "cheap")
    cli.ok("profile", "map", "a", "x", "--profile", "cheap")
    before = cli.config()
    message = cli.fails("profile", *argv)
    assert said in message
    assert cli.config() == before
    assert before.profiles[0].mappings == (Mapping("a", "x"),)
