"""How commands are declared: nouns whose bare form lists, and a root that loads them when used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperGroup

from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from typer import _click


Table = dict[str, tuple[str, str]]
"""Command name to (`module:attribute` of its Typer app or function, one line of help)."""


def noun(help: str, *, bare: str = "list", verbs: Table | None = None) -> typer.Typer:
    """A group of verbs; called without one, it does `bare`.

    Its verbs are decorated with `.command()`, or named by the table `verbs` and then imported only
    when they are used: for a noun whose verbs are many or costly to build.
    """
    group = type("NounGroup", (NounGroup,), {"bare": bare, "table": verbs or {}})
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


class LazyGroup(TyperGroup):
    """A group that loads the commands of its table when they are used, not before."""

    table: ClassVar[Table] = {}

    def list_commands(self, ctx: _click.Context) -> list[str]:
        return [*self.table, *self.commands]

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:
        entry = self.table.get(cmd_name)
        if entry is None:
            return self.commands.get(cmd_name)
        module, attribute = entry[0].split(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            app = single()
            app.command(cmd_name)(found)
            found = app
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: _click.Context, args: list[str]
    ) -> tuple[str | None, _click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            near = _nearest(name, self.list_commands(ctx))
            path = ctx.command_path
            hint = f"did you mean `{path} {near}`?" if near else f"see `{path} --help`"
            raise UsageError(f"no such command: {path} {name}", hint=hint)
        return (name if command else None), command, args[1:]

    def format_commands(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        if not self.table:
            super().format_commands(ctx, formatter)
            return
        own = [(name, one.get_short_help_str(80)) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, entry[1]) for name, entry in self.table.items())])


class NounGroup(LazyGroup):
    """`axonhub channel` is `axonhub channel list`, also with options: `axonhub channel --json`."""

    bare: ClassVar[str] = "list"

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        wants_help = bool(args) and args[0] in ctx.help_option_names
        is_bare = not args or (args[0].startswith("-") and not wants_help)
        if is_bare and not ctx.resilient_parsing and self.bare in self.list_commands(ctx):
            args = [self.bare, *args]
        return super().parse_args(ctx, args)


def _nearest(name: str, known: list[str]) -> str | None:
    from difflib import get_close_matches

    meant = [other for other in _SYNONYMS.get(name, ()) if other in known]
    return next(iter(meant or get_close_matches(name, known, n=1)), None)


def _nothing() -> None:
    pass


_SYNONYMS = {
    "add": ("create",),
    "new": ("create", "add"),
    "create": ("add",),
    "delete": ("remove",),
    "rm": ("remove",),
    "ls": ("list",),
    "switch": ("use",),
    "update": ("edit",),
    "set": ("edit", "map"),
    "regenerate": ("rotate",),
    "reset": ("rotate",),
    "channels": ("channel",),
    "profiles": ("profile",),
    "keys": ("key",),
    "traces": ("trace",),
    "requests": ("request",),
}
"""What other programs call it."""
