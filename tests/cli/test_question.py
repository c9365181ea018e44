"""What `explain` is asked about: the body it is given, and what it is said to be like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.cli.question import Asked, read_body, read_question, time_of_week
from axonhub_cli.config.schema import Config, Key, Profile
from axonhub_cli.errors import UsageError
from axonhub_cli.routing.conditions import Traits

NOW = 1_800_000_000.0
SESSION = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CONFIG = Config(
    profiles=(Profile("day"), Profile("night")),
    keys=(Key("default", "sha256:0", profiles=("day",), active_profile="day"),),
)
ALL = frozenset(Traits.__struct_fields__)


def question(body: dict[str, Any] | None, tmp_path: Path, *when: str, **given: Any) -> Asked:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    read = read_body(str(file)) if body is not None else None
    options = {"model": None, "key": None, "profile": None, "protocol": "anthropic"}
    return read_question(CONFIG, **(options | given), body=read, session=None, when=when)


def test_the_default_keys_active_profile_holds(tmp_path: Path) -> None:
    asked = question(None, tmp_path, model="m")
    assert asked.profile is not None
    assert asked.profile.name == "day"
    other = question(None, tmp_path, model="m", profile="night")
    assert other.profile is not None
    assert other.profile.name == "night"


def test_traits_are_read_from_the_body(tmp_path: Path) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": [picture]}],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "metadata": {"user_id": json.dumps({"session_id": SESSION})},
    }
    asked = question(body, tmp_path)
    traits = asked.traits(ALL, NOW)
    assert asked.session == SESSION
    assert (traits.images, traits.thinking, traits.client) == (True, True, "claude-code")
    assert asked.traits(frozenset(), NOW) == Traits()


def test_what_the_request_is_said_to_be_like_comes_before_its_body(tmp_path: Path) -> None:
    body = {"model": "m", "messages": []}
    words = ("background", "not-thinking", "tokens>60000", "client=codex", "time=tue 10:00-12:00")
    traits = question(body, tmp_path, *words).traits(ALL, NOW)
    assert traits == Traits(background=True, tokens=60_001, client="codex", minute=24 * 60 + 600)
    assert time_of_week(traits.minute) == "tue 10:00"
    few = question(body, tmp_path, "tokens<=2").traits(ALL, NOW)
    assert few.tokens == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"model": 7}'])
def test_a_body_that_is_no_request_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "body.json"
    file.write_text(text)
    with pytest.raises(UsageError):
        read_body(str(file))
