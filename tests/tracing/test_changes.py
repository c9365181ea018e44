import json
from typing import Any

from axonhub_cli.tracing.changes import MOST, Change, find_changes
from axonhub_cli.tracing.rows import AttemptRow, Tokens
from tests.tracing.requests import row


def attempt(**changes: Any) -> AttemptRow:
    plain: dict[str, Any] = dict.fromkeys(AttemptRow.__struct_fields__)
    plain |= {"n": 1, "channel": "main", "upstream_protocol": "anthropic", "tokens": Tokens()}
    return AttemptRow(**(plain | changes))


def changes(
    body: dict[str, Any],
    sent: dict[str, Any],
    *,
    losses: tuple[dict[str, Any], ...] = (),
    decision: dict[str, Any] | None = None,
    upstream: str = "anthropic",
    quirks: dict[str, str] | None = None,
    **more: Any,
) -> list[Change]:
    found = find_changes(
        row(profile="cheap", losses=losses, **more),
        attempt(upstream_protocol=upstream),
        json.dumps(body).encode(),
        json.dumps(sent).encode(),
        decision or {},
        quirks or {},
    )
    return list(found.changes)


def test_a_renamed_model_names_its_rule() -> None:
    (change,) = changes({"model": "a"}, {"model": "b"}, decision={"rule": "a"})
    assert change == Change("model", "changed", "a", "b", "renamed by the rule a of profile cheap")
    (change,) = changes({"model": "a"}, {"model": "b"})
    assert change.why == "renamed by a mapping of the channel"


def test_one_block_put_in_is_one_change() -> None:
    line = {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude."}
    own = {"type": "text", "text": "mine"}
    (change,) = changes({"system": [own]}, {"system": [line, own]})
    assert (change.path, change.kind) == ("system.0", "added")
    assert change.why.startswith("identity block")


def test_what_is_taken_out_is_explained_by_its_loss() -> None:
    said = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]
    loss = {"path": "messages[*].content[*].thinking", "reason": "not this provider's"}
    (change,) = changes(
        {"messages": [{"content": said}]}, {"messages": [{"content": said[1:]}]}, losses=(loss,)
    )
    assert (change.path, change.kind) == ("messages.0.content.0", "removed")
    assert change.why == "not this provider's"


def test_each_change_has_the_reason_of_its_own_place() -> None:
    image = {"type": "image", "source": {}}
    said = [{"type": "thinking", "thinking": "t"}, image, {"type": "text", "text": "x"}]
    losses = (
        {"path": "messages[*].role", "reason": "as the user's"},
        {"path": "messages[*].content[*].thinking", "reason": "not its reasoning"},
        {"path": "messages[*].content[*]:image", "reason": "sees nothing"},
        {"path": "thinking", "reason": "does not think"},
        {"path": "tools[B]", "reason": "no such tool"},
        {"path": "metadata.user_id", "reason": "not told"},
    )
    found = changes(
        {
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": said}],
            "thinking": {"type": "enabled", "budget_tokens": 9},
            "tools": [{"name": "A"}, {"name": "B"}],
            "metadata": {"user_id": "u"},
            "top_k": 1,
            "stop": [],
        },
        {
            "messages": [{"role": "user", "content": "s"}, {"role": "user", "content": said[2:]}],
            "thinking": {"type": "disabled"},
            "tools": [{"name": "A"}],
            "stream_options": {"include_usage": True},
        },
        losses=losses,
        quirks={"top_k": "drop what it refuses"},
    )
    assert {change.path: change.why for change in found} == {
        "messages.0.role": "as the user's",
        "messages.1.content.0": "not its reasoning",
        "messages.1.content.1": "sees nothing",
        "thinking.type": "does not think",
        "thinking.budget_tokens": "does not think",
        "tools.1": "no such tool",
        "metadata": "not told",
        "top_k": "the provider's dialect: drop what it refuses",
        "stop": "",
        "stream_options": (
            "a stream's tokens are asked for, to know its cost; they are kept from the client"
        ),
    }


def test_what_was_lost_is_the_last_attempts() -> None:
    asked = row(
        losses=({"path": "top_k", "reason": "unknown here"},), attempts=(attempt(), attempt(n=2))
    )
    for number, why in ((1, ""), (2, "unknown here")):
        found = find_changes(asked, attempt(n=number), b'{"top_k":1}', b"{}", {})
        assert [change.why for change in found.changes] == [why]
        assert bool(found.losses) == bool(why)


def test_half_a_character_that_was_replaced_is_named() -> None:
    body = rb'{"messages":[{"role":"user","content":"half \ud83d"}]}'
    sent = body.replace(rb"\ud83d", rb"\ufffd")
    found = find_changes(row(), attempt(), body, sent, {})
    (change,) = found.changes
    assert (change.path, change.old, change.new) == (
        "messages.0.content",
        "half \\ud83d",
        "half \ufffd",
    )
    assert change.why.startswith("unpaired surrogate replaced")
    assert json.dumps(found.as_json()).isascii()
    chat = find_changes(row(), attempt(upstream_protocol="openai_chat"), body, sent, {})
    assert chat.changes[-1].why.startswith("unpaired surrogate replaced")


def test_a_limit_that_the_client_did_not_set_is_a_default() -> None:
    asked = {"model": "a", "messages": [{"role": "user", "content": "hi"}]}
    told = asked | {"max_tokens": 8192}
    (change,) = changes(asked, told, upstream="anthropic", protocol="openai_chat")
    assert change.why == "a default: the client sets no limit, and anthropic wants one"
    lost = ({"path": "thinking", "reason": "does not think"},)
    thinks = asked | {"max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    found = changes(thinks, asked | {"max_tokens": 9}, upstream="openai_chat", losses=lost)
    assert {change.why for change in found} == {"does not think"}
    lost = ({"path": "tools[*].strict", "reason": "x"}, {"path": "tools[0]", "reason": "not its"})
    (change,) = changes(
        asked | {"max_tokens": 9, "tools": [{"name": "A", "input_schema": {}}]},
        asked | {"max_tokens": 9},
        upstream="openai_chat",
        losses=lost,
    )
    assert (change.path, change.why) == ("tools", "not its")


def test_an_override_is_known_by_its_path() -> None:
    done = {"path": "temperature", "reason": "set by override 1", "applied": True}
    notes = [done, {"path": "top_k", "reason": "not there", "applied": False}]
    found = changes({}, {"temperature": 0, "top_k": 1}, decision={"overrides": notes})
    assert [change.why for change in found] == [
        "set by override 1",
        "",
    ]


def test_a_conversion_is_told_by_what_there_is_on_either_side() -> None:
    asked = {"model": "a", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    told = {
        "model": "b",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}],
    }
    found = {c.path: (c.kind, c.old, c.new) for c in changes(asked, told, upstream="openai_chat")}
    assert found == {
        "model": ("changed", "a", "b"),
        "max_tokens": ("removed", "9", None),
        "system blocks": ("added", None, "1"),
    }


def test_the_names_of_headers_come_from_the_decision() -> None:
    decision = {"sent_headers": [{"added": ["x-a"], "removed": ["cookie"], "changed": []}]}
    found = find_changes(row(), attempt(), b"{}", b"{}", decision)
    assert found.headers == {"added": ["x-a"], "removed": ["cookie"], "changed": []}
    assert (found.same, found.changes) == (True, ())
    second = find_changes(row(), attempt(n=2), b"{}", b"{ }", decision)
    assert second.headers == {"added": [], "removed": [], "changed": []}
    assert (second.same, second.changes) == (False, ())


def test_no_body_breaks_the_comparison() -> None:
    found = find_changes(row(), attempt(), b"\xff", b"[1]", {})
    assert [change.kind for change in found.changes] == ["changed"]
    odd = find_changes(row(), attempt(upstream_protocol="openai_chat"), b"[]", b"5", {})
    assert odd.changes == ()
    many = find_changes(
        row(), attempt(), json.dumps({str(n): n for n in range(999)}).encode(), b"{}", {}
    )
    assert (len(many.changes), many.cut, odd.cut) == (MOST, True, False)
    assert json.dumps(many.as_json())
