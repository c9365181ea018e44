"""How commands are declared: nouns whose bare form lists, and a root that loads them when used."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperGroup

from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from typer import _click


def noun(help: str, *, bare: str = "list") -> typer.Typer:
    """A group of verbs; called without one, it does `bare`."""
    group = type("NounGroup", (NounGroup,), {"bare": bare})
    app = typer.Typer(
        help=help,
        cls=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    # A callback makes Typer build a group even of a single verb.
    app.callback()(_nothing)
    return app


def single() -> typer.Typer:
    """A command without verbs (`serve`, `env`): decorate one function with `.command()`."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Group(TyperGroup):
    """A group whose unknown commands are answered with the nearest known one."""

    def resolve_command(
        self, ctx: _click.Context, args: list[str]
    ) -> tuple[str | None, _click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            near = get_close_matches(name, self.list_commands(ctx), n=1)
            path = ctx.command_path
            hint = f"did you mean `{path} {near[0]}`?" if near else f"see `{path} --help`"
            raise UsageError(f"no such command: {path} {name}", hint=hint)
        return (name if command else None), command, args[1:]


class NounGroup(Group):
    """`axonhub channel` is `axonhub channel list`, also with options: `axonhub channel --json`."""

    bare: ClassVar[str] = "list"

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        wants_help = bool(args) and args[0] in ctx.help_option_names
        is_bare = not args or (args[0].startswith("-") and not wants_help)
        if is_bare and not ctx.resilient_parsing and self.bare in self.commands:
            args = [self.bare, *args]
        return super().parse_args(ctx, args)


class LazyGroup(Group):
    """The root: a command's module is imported when the command is used, not before."""

    table: ClassVar[dict[str, tuple[str, str]]] = {}
    """Command name to (`module:attribute` of its Typer app, one line of help)."""

    def list_commands(self, ctx: _click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, attribute = entry[0].split(":")
        command = typer.main.get_command(getattr(import_module(module), attribute))
        command.name = cmd_name
        return command

    def format_commands(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[1]) for name, entry in self.table.items()])


def _nothing() -> None:
    pass
