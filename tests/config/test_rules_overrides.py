"""Overrides are checked when they are saved: what is wrong is told with its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axonhub_cli.config.load import parse
from axonhub_cli.config.rules_overrides import override_faults
from axonhub_cli.config.schema import Override
from axonhub_cli.errors import ConfigError


def faults(**override: Any) -> list[tuple[str, str]]:
    return list(override_faults(msgspec.convert(override, Override)))


@pytest.mark.parametrize(
    "override",
    [
        {"op": "set", "path": "temperature", "value": 0},
        {"op": "set", "path": "a", "value": False},
        {"op": "set", "path": "messages[*].x", "value": {"a": "{{upstream.model}}"}},
        {"op": "set_if_absent", "path": "max_tokens", "value": 1},
        {"op": "delete", "path": "metadata.user_id", "when": {"request.client": {"not": "codex"}}},
        {"op": "rename", "path": "messages[*].reasoning", "to": "messages[*].reasoning_content"},
        {"op": "copy", "path": "model", "to": "metadata.model"},
        {"op": "array_append", "path": "tools", "value": [{"name": "a"}]},
        {"op": "array_insert", "path": "tools", "value": "a", "index": 0},
        {"op": "array_remove", "path": "tools", "match": {"function.name": "web_*"}},
        {"op": "array_remove", "path": "stop", "value": "x"},
        {"op": "array_remove", "path": "stop", "index": -1},
        {"op": "set", "path": "X-Title", "value": "{{key.name}}", "in": "headers"},
        {"op": "array_append", "path": "anthropic-beta", "value": ["a"], "in": "headers"},
    ],
)
def test_what_can_apply_is_taken(override: dict[str, Any]) -> None:
    assert faults(**override) == []


@pytest.mark.parametrize(
    ("override", "where", "said"),
    [
        ({"op": "set", "path": "a..b", "value": 1}, "path", "a name is missing at position 3"),
        ({"op": "set", "path": "model", "value": "x"}, "path", "--map FROM=TO"),
        ({"op": "delete", "path": "stream"}, "path", "is the client's to say"),
        ({"op": "set", "path": "stream.x", "value": 1}, "path", "is the client's to say"),
        ({"op": "rename", "path": "model", "to": "m"}, "path", "chosen by mappings"),
        ({"op": "copy", "path": "x", "to": "model"}, "to", "chosen by mappings"),
        ({"op": "copy", "path": "x", "to": "x"}, "to", "the same as the path"),
        ({"op": "copy", "path": "x", "to": "y["}, "to", "is not closed"),
        ({"op": "copy", "path": "x[*].a", "to": "y[*].a"}, "to", "up to the last [*]"),
        ({"op": "copy", "path": "x[*]", "to": "x[*].b"}, "to", "behind the last [*]"),
        ({"op": "copy", "path": "x"}, "to", "copy needs the new name"),
        ({"op": "set", "path": "x"}, "value", "set needs a value"),
        ({"op": "delete", "path": "x", "value": 1}, "value", "delete takes none"),
        ({"op": "set", "path": "x", "value": 1, "to": "y"}, "to", "set takes none"),
        ({"op": "set", "path": "x", "value": 1, "index": 0}, "index", "set takes none"),
        ({"op": "array_insert", "path": "x", "value": 1}, "index", "needs a position"),
        ({"op": "array_remove", "path": "x"}, "value", "one of `value`, `index` and `match`"),
        ({"op": "array_remove", "path": "x", "value": 1, "index": 1}, "value", "one of"),
        ({"op": "array_remove", "path": "x", "match": {"a[": 1}}, "match.a[", "is not closed"),
        ({"op": "array_remove", "path": "x", "match": {"a[*]": 1}}, "match.a[*]", "cannot stand"),
        ({"op": "array_remove", "path": "x", "match": {"a": {"is": 1}}}, "match.a", "not = VALUE"),
        ({"op": "set", "path": "x", "value": "{{request.modle}}"}, "value",
         "there is no variable 'request.modle': did you mean 'request.model'?"),
        ({"op": "set", "path": "x", "value": ["{{effort}}"]}, "value", "no variable 'effort'"),
        ({"op": "set", "path": "x", "value": "{{request.headers.cookie}}"}, "value", "credential"),
        ({"op": "set", "path": "x", "value": "{{request.model"}, "value", "belong together"),
        ({"op": "set", "path": "x", "value": 1, "when": {"model": "x"}}, "when.model",
         "there is no variable 'model'"),
        ({"op": "set", "path": "x", "value": 1, "when": {"request.model": {"is": 1}}},
         "when.request.model", "not = VALUE"),
        ({"op": "set", "path": "Authorization", "value": "x", "in": "headers"}, "path",
         "is a credential: the channel's token makes it"),
        ({"op": "delete", "path": "Host", "in": "headers"}, "path", "belongs to the connection"),
        ({"op": "copy", "path": "x-a", "to": "x-api-key", "in": "headers"}, "to", "a credential"),
        ({"op": "copy", "path": "x-api-key", "to": "x-a", "in": "headers"}, "path", "a credential"),
        ({"op": "set", "path": "x-a", "value": "a\nb", "in": "headers"}, "value", "line breaks"),
        ({"op": "set", "path": "x-a", "value": {"a": 1}, "in": "headers"}, "value", "is a text"),
        ({"op": "set", "path": "x-a", "value": ["a"], "in": "headers"}, "value", "is a text"),
        ({"op": "array_remove", "path": "x-a", "match": {"a": 1}, "in": "headers"}, "match",
         "holds words"),
    ],
)  # fmt: skip
def test_what_cannot_is_told_with_its_place(
    override: dict[str, Any], where: str, said: str
) -> None:
    found = faults(**override)
    assert where in [place for place, _ in found]
    assert any(said in what for place, what in found if place == where), found


def test_the_file_says_which_one() -> None:
    text = """
    [[channels]]
    name = "a"
    type = "anthropic"
    overrides = [
      { op = "set", path = "a", value = 1 },
      { op = "set", path = "x-a", value = "{{request.mdel}}", in = "headers" },
    ]
    """
    with pytest.raises(ConfigError, match=r"channels\[0\]\.overrides\[1\]\.value: there is no var"):
        parse(text, source="config.toml", environ={})
