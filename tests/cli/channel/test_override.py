"""`channel override`: edits of requests, added, listed and removed; wrong ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.home import channel
from tests.support.upstream import Upstream


def edits(cli: Cli) -> Any:
    return cli.ok("channel", "override", "main", "--json").json


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["set", "temperature", "0.2"], {"op": "set", "path": "temperature", "value": 0.2}),
        (["set", "a", "text"], {"op": "set", "path": "a", "value": "text"}),
        (["set", "a", '"7"'], {"op": "set", "path": "a", "value": "7"}),
        (["set", "a", '{"b": [1]}'], {"op": "set", "path": "a", "value": {"b": [1]}}),
        (["set", "a", "false"], {"op": "set", "path": "a", "value": False}),
        (["set", "a", "0"], {"op": "set", "path": "a", "value": 0}),
        (["set-if-absent", "a", "1"], {"op": "set_if_absent", "path": "a", "value": 1}),
        (["set_if_absent", "a", "1"], {"op": "set_if_absent", "path": "a", "value": 1}),
        (["delete", "a.b"], {"op": "delete", "path": "a.b"}),
        (["rename", "a", "b"], {"op": "rename", "path": "a", "to": "b"}),
        (["copy", "model", "b"], {"op": "copy", "path": "model", "to": "b"}),
        (["array-insert", "a", "x", "--index", "-1"],
         {"op": "array_insert", "path": "a", "value": "x", "index": -1}),
        (["array-remove", "a", "--index", "0"], {"op": "array_remove", "path": "a", "index": 0}),
        (["array-remove", "a", "x"], {"op": "array_remove", "path": "a", "value": "x"}),
        (["array-remove", "tools", "--match", "function.name=web_*"],
         {"op": "array_remove", "path": "tools", "match": {"function.name": "web_*"}}),
        (["set", "X-Title", "{{key.name}}", "--header"],
         {"op": "set", "path": "X-Title", "in": "headers", "value": "{{key.name}}"}),
        (["set", "a", "1", "--when", "request.model=claude-*", "--when", "request.effort!=low"],
         {"op": "set", "path": "a", "value": 1,
          "when": {"request.model": "claude-*", "request.effort": {"not": "low"}}}),
        (["set", "a", "1", "--when", "request.effort=high", "--when", "request.effort=max"],
         {"op": "set", "path": "a", "value": 1, "when": {"request.effort": ["high", "max"]}}),
    ],
)  # fmt: skip
def test_an_edit_is_saved_as_it_was_said(cli: Cli, words: list[str], expected: Any) -> None:
    cli.add_channel()
    cli.ok("channel", "override", "main", *words)
    assert edits(cli) == [expected]
    # What was written is read again, and says the same.
    assert cli.ok("channel", "show", "main", "--json").json["overrides"] == [expected]


def test_they_are_numbered_in_the_order_they_apply(cli: Cli) -> None:
    cli.add_channel()
    assert edits(cli) == []
    for name in "abc":
        cli.ok("channel", "override", "main", "set", name, "1", "--when", "request.stream=true")
    table = cli.ok("channel", "override", "main").out.splitlines()
    assert [line.split()[:3] for line in table[1:]] == [
        ["1", "set", "a"],
        ["2", "set", "b"],
        ["3", "set", "c"],
    ]
    assert "request.stream=true" in table[1]
    assert "set b 1" in cli.ok("channel", "override", "main", "--remove", "2").err
    assert [edit["path"] for edit in edits(cli)] == ["a", "c"]
    assert "only 2" in cli.fails("channel", "override", "main", "--remove", "3")
    assert "--yes" in cli.fails("channel", "override", "main", "--clear")
    cli.ok("channel", "override", "main", "--clear", "--yes")
    assert edits(cli) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sett", "a", "1"], "no such operation: sett: did you mean 'set'?"),
        (["set", "a"], "set takes PATH VALUE"),
        (["set", "a", "two", "words"], "set takes PATH VALUE"),
        (["rename", "a"], "rename takes PATH NEW"),
        (["delete", "a", "1"], "delete takes PATH"),
        (["set", "a..b", "1"], "path: a name is missing at position 3"),
        (["set", "model", "x"], "chosen by mappings"),
        (["set", "stream", "true"], "the client's to say"),
        (["set", "a", "{{request.modle}}"], "did you mean 'request.model'?"),
        (["set", "a", '{"b": {{body.n}}}'], "begins like JSON and is none"),
        (["set", "x-api-key", "a", "--header"], "is a credential"),
        (["set", "Host", "a", "--header"], "belongs to the connection"),
        (["set", "a", "1", "--when", "modle"], "--when: 'modle' is not NAME=VALUE"),
        (["set", "a", "1", "--when", "model=x"], "when.model: there is no variable 'model'"),
        (["set", "a", "1", "--when", "request.model=x", "--when", "request.model!=y"],
         "is asked for with = and with !="),
        (["set", "a", "1", "--index", "1"], "index: set takes none"),
        (["array-remove", "a"], "one of `value`, `index` and `match`"),
        (["--header"], "what is to be edited?"),
        (["set", "a", "1", "--clear"], "exclude each other"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_nothing_saved(
    cli: Cli, words: list[str], said: str
) -> None:
    cli.add_channel()
    before = cli.home.paths.config_file.read_text()
    assert said in cli.fails("channel", "override", "main", *words)
    assert cli.home.paths.config_file.read_text() == before


def test_an_unknown_channel_is_said(cli: Cli) -> None:
    assert "no channel" in cli.fails("channel", "override", "none", "set", "a", "1")


SET = {"op": "set", "path": "a", "value": 1}
COPY = {"op": "copy", "path": "a", "to": "b"}
FILES = {
    "list.json": '[{"op": "set", "path": "a", "value": 1}, {"op": "copy", "from": "a", "to": "b"}]',
    "object.json": json.dumps(
        {
            "overrides": [
                {"op": "set", "path": "a", "value": 1},
                {"op": "copy", "path": "a", "to": "b"},
            ]
        }
    ),
    "inline.toml": 'overrides = [{op = "set", path = "a", value = 1},'
    ' {op = "copy", from = "a", to = "b"}]',
    "tables.toml": '[[overrides]]\nop = "set"\npath = "a"\nvalue = 1\n'
    '[[overrides]]\nop = "copy"\npath = "a"\nto = "b"\n',
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_takes_the_place_of_them_all(cli: Cli, tmp_path: Path, name: str) -> None:
    cli.add_channel()
    cli.ok("channel", "override", "main", "delete", "z")
    (tmp_path / name).write_text(FILES[name])
    cli.ok("channel", "override", "main", "--file", str(tmp_path / name))
    assert edits(cli) == [SET, COPY]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is neither JSON nor TOML"),
        ("a = ", "is neither JSON nor TOML"),
        ('{"a": 1}', "holds no list of edits"),
        ('[{"op": "set"}]', "edit 1: Object missing required field `path`"),
        ('[{"op": "delete", "path": "a"}, {"op": "set", "path": "["}]', "edit 2: path: "),
        ('[{"op": "remove", "path": "a"}]', "edit 1: op: no 'remove': known are set, "),
        ("[1]", "edit 1: Expected `object`, got `int`"),
    ],
)
def test_a_wrong_file_is_refused(cli: Cli, tmp_path: Path, text: str | None, said: str) -> None:
    cli.add_channel()
    file = tmp_path / "edits"
    if text is not None:
        file.write_text(text)
    assert said in cli.fails("channel", "override", "main", "--file", str(file))
    assert edits(cli) == []


def test_a_running_daemon_obeys_and_the_request_tells_it(cli: Cli, upstream: Upstream) -> None:
    cli.home.configure(channel(upstream.url))
    daemon = Daemon(cli.home).start()
    try:
        for words in (
            ["set", "top_k", "{{request.headers.x-top}}", "--when", "request.model=claude-s*"],
            ["set", "X-Title", "{{key.name}}", "--header"],
            ["rename", "none", "nowhere"],
        ):
            cli.ok("channel", "override", "main", *words)
        said = b'"messages":[{"role":"user","content":"a"}]'
        body = b'{"model":"claude-scripted-1" ,"max_tokens":9.0, %b}' % said
        status, headers, _ = daemon.post(body, **{"x-top": "7"})
        assert status == 200
        got = upstream.wait_for(1)
        assert got.body == body[:-1] + b',"top_k":"7"}'
        assert got.header("x-title") == "default"
    finally:
        daemon.stop()
    shown = cli.ok("request", "show", headers["ah-request-id"], "--json").json
    assert [(note["path"], note["applied"]) for note in shown["decision"]["overrides"]] == [
        ("top_k", True),
        ("headers.x-title", True),
        ("none", False),
    ]
    assert shown["losses"] == []
    lines = cli.ok("request", "show", headers["ah-request-id"]).out.splitlines()
    assert "edited: top_k – set by override 1 of the channel" in lines
    assert "not edited: none – override 3 (rename) does not apply: there is no none" in lines
