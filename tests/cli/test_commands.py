import pytest

from axonhub_cli.cli.channel import VERBS
from axonhub_cli.cli.commands import NounGroup, noun
from tests.support.cli import Cli


@pytest.mark.parametrize("name", ["channel", "profile", "key"])
def test_a_bare_noun_lists_also_with_options(cli: Cli, name: str) -> None:
    cli.home.configure()
    assert cli.ok(name).out == cli.ok(name, "list").out
    assert cli.ok(name, "--json").json == cli.ok(name, "list", "--json").json


def test_a_bare_config_shows(cli: Cli) -> None:
    assert cli.ok("config").out == cli.ok("config", "show").out


def test_the_nearest_verb_is_found_among_the_lazy_ones(cli: Cli) -> None:
    assert "`axonhub channel list`" in cli.fails("channel", "lits")


def test_every_verb_of_the_table_can_be_loaded(cli: Cli) -> None:
    for verb in VERBS:
        assert cli.ok("channel", verb, "--help").out


@pytest.mark.parametrize("words", ["", "channel", "profile", "key", "trace", "request", "config"])
def test_no_line_of_help_is_cut_off(cli: Cli, words: str) -> None:
    assert "..." not in cli.ok(*words.split(), "--help").out.partition("Commands:")[2]


def test_a_noun_of_one_verb_is_still_a_noun() -> None:
    import typer

    app = noun("One thing.")
    app.command("list")(lambda: None)
    group = typer.main.get_command(app)
    assert isinstance(group, NounGroup)
    assert list(group.commands) == ["list"]
