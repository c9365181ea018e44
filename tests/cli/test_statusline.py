import json
from typing import Any

from tests.support.cli import Cli
from tests.support.home import Home


def test_it_is_a_command_like_any_other(home: Home, monkeypatch: Any, capsys: Any) -> None:
    cli = Cli(home, monkeypatch, capsys)
    assert "settings.json" in cli.ok("statusline", "--help").out


def test_the_full_way_says_the_same(home: Home) -> None:
    plain = home.axonhub("--debug", "statusline").stdout
    assert plain == "axonhub is not running (axonhub start)\n"
    shown = json.loads(home.axonhub("--debug", "statusline", "--json").stdout)
    assert shown == {"running": False, "session": None, "limits": []}
