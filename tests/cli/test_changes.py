from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import typer
from typer.main import get_command

from axonhub_cli.cli import profile, profile_rules
from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.context import Session
from axonhub_cli.config.keys import ensure_key
from axonhub_cli.config.store import ConfigEdit, ConfigStore
from axonhub_cli.errors import AxonHubError
from tests.support.cli import Cli

VALUE = "sk-" + "v" * 20


def keep_and_raise(error: BaseException) -> Callable[[Change], None]:
    def change_it(change: Change) -> None:
        change.edit.append("profiles", {"name": "half"})
        change.keep_secret("channel/main/1", VALUE)
        raise error

    return change_it


@pytest.mark.parametrize(
    "error", [AxonHubError("no"), KeyboardInterrupt(), OSError("no")], ids=repr
)
def test_a_broken_off_change_leaves_neither_secret_nor_entry(
    cli: Cli, error: BaseException
) -> None:
    session = Session(cli.environ)
    with pytest.raises(type(error)), changing(session) as change:
        keep_and_raise(error)(change)
    assert cli.config().profiles == ()
    assert VALUE not in cli.secrets()


def test_a_dropped_secret_goes_after_the_edit_only(cli: Cli) -> None:
    session = Session(cli.environ)
    with changing(session) as change:
        reference = change.keep_secret("channel/main/1", VALUE)
        entry = {"name": "main", "type": "anthropic", "tokens": [reference]}
        change.edit.append("channels", entry)
    with changing(session) as change:
        change.drop_secret(reference)
        change.edit.remove("channels", "main")
        assert VALUE in cli.secrets()
    assert VALUE not in cli.secrets()


def test_the_session_sees_the_change(cli: Cli) -> None:
    session = Session(cli.environ)
    assert session.config().profiles == ()
    with changing(session) as change:
        change.edit.append("profiles", {"name": "new"})
    assert [profile.name for profile in session.config().profiles] == ["new"]


class Overtaken(ConfigStore):
    """Another shell makes the key after this one has read the configuration."""

    @contextmanager
    def edit(self) -> Iterator[ConfigEdit]:
        ensure_key(ConfigStore(self.paths, self.environ), self.environ)
        with super().edit() as edit:
            yield edit


@pytest.mark.parametrize(
    ("command", "argv", "active"),
    [(profile_rules.map_model, ("a", "b"), "default"), (profile.use, ("cheap",), "cheap")],
)
def test_a_key_that_another_shell_has_just_made_is_used(
    cli: Cli, command: Callable[..., None], argv: tuple[str, ...], active: str
) -> None:
    cli.ok("profile", "create", "cheap")
    session = Session(cli.environ)
    session.config()
    session.__dict__["store"] = Overtaken(session.paths, cli.environ)
    context = typer.Context(get_command(profile.app), obj=session)
    command(context, *argv)
    (key,) = cli.config().keys
    assert key.active_profile == active
