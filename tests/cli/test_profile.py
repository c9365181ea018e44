import pytest

from axonhub_cli.config.schema import Mapping
from tests.support.cli import Cli


def rules(cli: Cli, name: str = "default") -> list[tuple[str, str]]:
    profile = cli.config().profile(name)
    assert profile is not None
    return [(rule.source, rule.target) for rule in profile.mappings]


def test_a_first_rule_makes_what_it_needs_to_take_effect(cli: Cli) -> None:
    result = cli.ok("profile", "map", "claude-sonnet-4-5", "deepseek-reasoner")
    assert result.err == (
        "claude-sonnet-4-5 → deepseek-reasoner in profile default, active for key default.\n"
    )
    assert rules(cli) == [("claude-sonnet-4-5", "deepseek-reasoner")]
    key = cli.config().key("default")
    assert key is not None
    assert (key.profiles, key.active_profile) == (("default",), "default")


def test_a_key_without_an_active_profile_gets_one(cli: Cli) -> None:
    cli.ok("key", "create", "default")
    cli.ok("profile", "create", "default")
    cli.ok("profile", "map", "a", "b")
    key = cli.config().key("default")
    assert key is not None and key.active_profile == "default"


def test_rules_go_to_the_active_profile_of_the_default_key(cli: Cli) -> None:
    cli.ok("profile", "create", "cheap")
    cli.ok("profile", "use", "cheap")
    cli.ok("profile", "map", "a", "b")
    assert rules(cli, "cheap") == [("a", "b")]
    assert cli.config().profile("default") is None


def test_a_named_profile_is_changed_without_making_a_key(cli: Cli) -> None:
    cli.ok("profile", "create", "cheap")
    result = cli.ok("profile", "map", "a", "b", "--profile", "cheap")
    assert "in profile cheap, not active for any key" in result.err
    assert "axonhub profile use cheap" in result.err
    assert cli.config().keys == ()


def test_rules_are_appended_placed_replaced_and_moved(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "x")
    cli.ok("profile", "map", "c", "x", "--position", "1")
    assert [source for source, _ in rules(cli)] == ["c", "a", "b"]
    cli.ok("profile", "map", "a", "y")
    assert rules(cli) == [("c", "x"), ("a", "y"), ("b", "x")]
    cli.ok("profile", "map", "c", "x", "--position", "99")
    assert [source for source, _ in rules(cli)] == ["a", "b", "c"]


def test_a_bad_expression_is_refused_with_the_place_of_its_fault(cli: Cli) -> None:
    said = cli.fails("profile", "map", "claude-(", "x")
    assert "'claude-(' is not a regular expression" in said
    assert "at position 7" in said
    assert cli.config().profiles == () and cli.config().keys == ()


def test_what_looks_like_a_glob_is_taken_with_a_warning(cli: Cli) -> None:
    result = cli.ok("profile", "map", "claude-*", "x")
    assert "warning: " in result.err and "did you mean 'claude-.*'?" in result.err
    assert rules(cli) == [("claude-*", "x")]


def test_a_target_that_no_channel_serves_is_warned_of(cli: Cli) -> None:
    cli.add_channel("main", "--model", "glm-4.6")
    result = cli.ok("profile", "map", "a", "glm-46")
    assert "warning: no channel serves 'glm-46': did you mean 'glm-4.6'?" in result.err
    assert "warning" not in cli.ok("profile", "map", "a", "glm-4.6").err


def test_a_rule_that_an_earlier_one_hides_is_warned_of(cli: Cli) -> None:
    cli.ok("profile", "map", "claude-.*", "x")
    result = cli.ok("profile", "map", "claude-a", "y")
    assert "an earlier rule wins for claude-a: claude-.* → x" in result.err
    assert "--position 1" in result.err
    assert "earlier" not in cli.ok("profile", "map", "claude-a", "y", "--position", "1").err


def test_a_rule_is_removed(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "x")
    cli.ok("profile", "unmap", "a")
    assert rules(cli) == [("b", "x")]
    cli.ok("profile", "unmap", "b", "--profile", "default")
    assert rules(cli) == []


def test_profiles_are_listed_with_the_keys_they_are_active_for(cli: Cli) -> None:
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
        },
        {"name": "cheap", "mappings": [], "active_for": ["ci"], "keys": ["ci"]},
    ]
    assert cli.ok("profile").out.splitlines()[1].split() == ["default", "1", "default"]


def test_a_profile_shows_its_rules_in_their_order(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "y", "--position", "1")
    lines = cli.ok("profile", "show", "default").out.splitlines()
    assert [line.split() for line in lines[1:]] == [["1", "b", "y"], ["2", "a", "x"]]
    found = cli.ok("profile", "show", "default", "--json").json
    assert found["mappings"] == [{"from": "b", "to": "y"}, {"from": "a", "to": "x"}]


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
