import pytest

from axonhub_cli.cli.channel import VERBS
from tests.support.cli import Cli

NAMED = [verb for verb in VERBS if verb not in ("add", "list", "types")]


@pytest.mark.parametrize("verb", NAMED)
def test_every_verb_on_one_channel_names_the_nearest_one(cli: Cli, verb: str) -> None:
    cli.add_channel("main")
    extra = {"edit": ("--weight", "1"), "rename": ("other",), "remove": ("--yes",)}
    said = cli.fails("channel", verb, "mian", *extra.get(verb, ()))
    assert said == (
        "error: there is no channel 'mian': did you mean 'main'?\nhint: `axonhub channel list`\n"
    )


@pytest.mark.parametrize("verb", NAMED)
def test_every_verb_on_one_channel_needs_its_name(cli: Cli, verb: str) -> None:
    assert "missing argument 'NAME'" in cli.fails("channel", verb)
