"""One set of options for `channel add` and `channel edit`."""

from __future__ import annotations

import inspect

from axonhub_cli.cli.channel.add import add
from axonhub_cli.cli.channel.edit import edit
from axonhub_cli.cli.channel.flags import Flags, read_changes
from tests.support.cli import Cli

NAMES = set(Flags.__struct_fields__)


def test_both_commands_have_them_all() -> None:
    for command in (add, edit):
        parameters = inspect.signature(command).parameters
        assert set(parameters) >= NAMES | {"ctx", "name", "token_stdin"}
        assert "flags" not in parameters


def test_each_one_changes_something(cli: Cli) -> None:
    for command in ("add", "edit"):
        shown = cli.ok("channel", command, "--help").out
        for name in NAMES:
            assert f"--{name.replace('_', '-')}" in shown


def test_only_what_was_given_is_a_change() -> None:
    assert read_changes(Flags()) == {}
    assert read_changes(Flags(weight=0, client_identity=False)) == {
        "weight": 0,
        "client_identity": False,
    }
