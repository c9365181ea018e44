from tests.support.cli import Cli
from tests.support.home import channel
from tests.support.upstream import Upstream


def models(cli: Cli) -> tuple[str, ...] | None:
    found = cli.config().channel("main")
    assert found is not None
    return found.models


def test_names_are_listed_and_patterns_are_told_apart(cli: Cli) -> None:
    cli.add_channel("main")
    result = cli.ok("channel", "models", "main")
    assert result.out == "claude-haiku-4-5\nclaude-sonnet-4-5\nclaude-opus-4-5\n"
    assert result.err == "Also every model that matches claude-*.\n"
    assert cli.ok("channel", "models", "main", "--json").json == {
        "channel": "main",
        "models": ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"],
        "patterns": ["claude-*"],
    }


def test_models_are_added_before_the_patterns_and_removed(cli: Cli) -> None:
    cli.add_channel("main", "--model", "a,b-*")
    cli.ok(
        "channel", "models", "main", "--add", "c", "--add", "a", "--remove", "b-*", "--add", "d-*"
    )
    assert models(cli) == ("a", "c", "d-*")


def test_the_types_own_list_is_the_start_of_a_changed_one(cli: Cli) -> None:
    cli.add_channel("main")
    cli.ok("channel", "models", "main", "--remove", "claude-*", "--remove", "claude-opus-4-5")
    assert models(cli) == ("claude-haiku-4-5", "claude-sonnet-4-5")


def test_the_providers_list_fills_in_what_is_new(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url, models=["claude-a", "claude-*"]))
    result = cli.ok("channel", "models", "main", "--fetch")
    assert models(cli) == ("claude-a", "claude-scripted", "claude-*")
    assert "1 added, 0 removed" in result.err


def test_a_provider_without_a_list_fails_and_changes_nothing(cli: Cli, listless: Upstream) -> None:
    cli.home.configure(channel(listless.url, models=["claude-a"]))
    assert "404" in cli.fails("channel", "models", "main", "--fetch", code=1)
    assert models(cli) == ("claude-a",)


def test_what_is_not_in_the_list_cannot_be_removed(cli: Cli) -> None:
    cli.add_channel("main", "--model", "glm-4.6")
    said = cli.fails("channel", "models", "main", "--remove", "glm-46")
    assert "has no model 'glm-46' in its list: did you mean 'glm-4.6'?" in said


def test_the_last_model_cannot_be_removed(cli: Cli) -> None:
    cli.add_channel("main", "--model", "a")
    assert "would serve nothing" in cli.fails("channel", "models", "main", "--remove", "a")
