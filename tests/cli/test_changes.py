from collections.abc import Callable

import pytest

from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.context import Session
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
