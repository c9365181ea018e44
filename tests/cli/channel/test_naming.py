"""The names under which a channel serves its models, and its conditions, on the command line."""

import pytest

from axonhub_cli.config.schema import Channel, When
from axonhub_cli.routing.models import served_models
from tests.support.cli import Cli


def main(cli: Cli) -> Channel:
    found = cli.config().channel("main")
    assert found is not None
    return found


def test_every_option_is_kept_and_shown(cli: Cli) -> None:
    cli.add_channel(
        *("main", "--model", "Org/A", "--model", "B", "--prefix", "p/", "--trim-prefix", "Org"),
        *("--lower-case", "--hide-aliases", "--when", "background", "--when", "tokens<=60k"),
    )
    channel = main(cli)
    assert (channel.prefix, channel.trimmed_prefixes) == ("p", ("Org",))
    assert channel.lower_case and channel.hide_aliases and not channel.hide_originals
    assert channel.when == When(background=True, up_to_tokens=60_000)
    shown = cli.ok("channel", "show", "main").out
    for line in (
        "serves only       background requests of up to 60000 tokens",
        "prefix            p",
        "trimmed prefixes  Org",
        "names             in lower case",
        "hidden            aliases",
    ):
        assert line in shown.splitlines()
    found = cli.ok("channel", "show", "main", "--json").json
    assert found["when"] == {"background": True, "up_to_tokens": 60_000}
    assert found["models"] == ["org/a", "b"]
    assert found["trimmed_prefixes"] == ["Org"]


def test_options_are_changed_and_cleared(cli: Cli) -> None:
    cli.add_channel("main", "--model", "Org/A", "--prefix", "p", "--lower-case", "--when", "images")
    cli.ok("channel", "edit", "main", "--hide-originals", "--trim-prefix", "Org,Other")
    assert served_models(main(cli)) == ["a", "p/org/a"]
    clearing = ("--prefix", "", "--trim-prefix", "", "--when", "", "--no-lower-case")
    cli.ok("channel", "edit", "main", *clearing, "--show-originals")
    channel = main(cli)
    assert (channel.prefix, channel.trimmed_prefixes, channel.when) == (None, (), None)
    assert not channel.lower_case and not channel.hide_originals
    assert "serves only" not in cli.ok("channel", "show", "main").out


def test_a_mapping_of_a_name_that_the_channel_serves_itself_is_warned_of(cli: Cli) -> None:
    result = cli.ok(
        *("channel", "add", "main", "--type", "anthropic", "--token-env", "T", "--no-test"),
        *("--model", "a", "--model", "org/b", "--map", "a=b", "--map", "c=a"),
    )
    assert "a → b has no effect: channel main serves a itself" in result.err
    assert "c → a" not in result.err
    result = cli.ok("channel", "edit", "main", "--map", "b=a", "--trim-prefix", "org")
    assert "b → a has no effect: channel main serves b itself, as org/b" in result.err
    assert "no effect" not in cli.ok("channel", "edit", "main", "--weight", "5").err


def test_profiles_follow_a_channel_that_is_renamed_or_removed(cli: Cli) -> None:
    cli.add_channel("main")
    cli.add_channel("other")
    cli.ok("profile", "create", "p")
    limits = ("--channel", "main,other", "--weight", "main=5")
    cli.ok("profile", "limit", "p", *limits)
    cli.ok("channel", "rename", "main", "first")
    profile = cli.config().profile("p")
    assert profile is not None
    assert (profile.channels, profile.weights) == (("first", "other"), {"first": 5})
    cli.ok("channel", "remove", "first", "--yes")
    profile = cli.config().profile("p")
    assert profile is not None
    assert (profile.channels, profile.weights) == (("other",), {})
    said = cli.fails("channel", "remove", "other", "--yes")
    assert "other is the only channel of profile p, which would use all then" in said
    assert cli.config().channel("other") is not None


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--prefix", "a b"), "--prefix: 'a b' is no prefix"),
        (("--trim-prefix", "x,y*"), "--trim-prefix: 'y*' is no prefix"),
        (("--when", "at night"), "--when: 'at night' is no condition"),
        (("--hide-originals",), "no model is left to be served"),
    ],
)
def test_a_wrong_option_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    cli.add_channel("main")
    before = cli.config()
    assert said in cli.fails("channel", "edit", "main", *argv)
    assert cli.config() == before
