from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.dialects import chat_quirks as quirks
from axonhub_cli.dialects.base import QuirkContext, Settings
from tests.dialects.bodies import USER, context, messages, relayed, run
from tests.dialects.test_request_quirks import LINE

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
LINKED = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}
TEXT = {"type": "text", "text": "look"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


def system(text: Any) -> dict[str, Any]:
    return {"role": "system", "content": text}


def test_known_failure_25_the_attribution_line_leaves_no_trace() -> None:
    body, lost = run(quirks.drop_attribution, messages(system(f"{LINE}\n\nYou are"), USER))
    assert body["messages"] == [system("You are"), USER]
    assert lost == ["system[0]"]
    assert run(quirks.drop_attribution, messages(system(LINE), USER))[0]["messages"] == [USER]


def test_the_line_anywhere_else_is_the_users_own_text() -> None:
    for body in (messages(USER, system(LINE)), messages({"role": "user", "content": LINE}), {}):
        assert run(quirks.drop_attribution, body) == (body, [])


def test_two_conversations_of_claude_code_begin_alike() -> None:
    """Its hex digits differ from conversation to conversation, and so would every cached prefix."""
    other = LINE.replace("269", "071")
    bodies = [
        run(quirks.drop_attribution, messages(system(f"{line}\n\nYou are"), USER))[0]
        for line in (LINE, other)
    ]
    assert bodies[0] == bodies[1]


def test_the_user_of_an_anthropic_client_is_told_to_nobody_else() -> None:
    body = {"user": "u", "metadata": {"user_id": "u"}, "messages": []}
    assert run(quirks.drop_identity, body) == ({"messages": []}, ["metadata.user_id"])
    assert run(quirks.drop_identity, {"messages": []}) == ({"messages": []}, [])
    # A client of Chat says `user` for its provider to know.
    assert run(quirks.drop_identity, body, relayed()) == (body, [])


def test_the_limit_is_called_as_the_endpoint_calls_it() -> None:
    new, old = {"max_completion_tokens": 5}, {"max_tokens": 5}
    assert run(quirks.use_max_tokens, new) == (old, [])
    assert run(quirks.use_max_completion_tokens, old) == (new, [])
    assert run(quirks.use_max_tokens, {**new, "max_tokens": 7}) == ({"max_tokens": 7}, [])
    assert run(quirks.use_max_tokens, {"max_completion_tokens": None}) == ({}, [])


def test_a_developers_message_is_the_systems() -> None:
    body, _ = run(
        quirks.system_for_developer, messages({"role": "developer", "content": "x"}, USER)
    )
    assert body["messages"] == [system("x"), USER]


def test_system_messages_at_the_beginning_become_one() -> None:
    body, lost = run(quirks.one_system, messages(system("a"), system([TEXT]), system(""), USER))
    assert (body["messages"], lost) == ([system("a\n\nlook"), USER], [])
    assert run(quirks.one_system, messages(system(""), system(""), USER))[0]["messages"] == [USER]


def test_a_system_message_in_mid_conversation_joins_the_users_turn() -> None:
    """`System message must be at the beginning` (vllm-project/vllm#41114)."""
    said = {"role": "assistant", "content": "yes"}
    body, lost = run(quirks.one_system, messages(system("a"), USER, system("b"), said, USER))
    reminder = "<system-reminder>\nb\n</system-reminder>"
    joined = {"role": "user", "content": f"hi\n\n{reminder}"}
    assert body["messages"] == [system("a"), joined, said, USER]
    assert lost == ["messages[*].role"]


def test_one_between_an_answer_and_the_users_next_turn_joins_that() -> None:
    said = {"role": "assistant", "content": "yes"}
    turn = {"role": "user", "content": [TEXT, IMAGE]}
    body, _ = run(quirks.one_system, messages(USER, said, system("b"), turn, said, system("c")))
    reminder = {"type": "text", "text": "<system-reminder>\nb\n</system-reminder>"}
    last = {"role": "user", "content": "<system-reminder>\nc\n</system-reminder>"}
    joined = {"role": "user", "content": [reminder, TEXT, IMAGE]}
    assert body["messages"] == [USER, said, joined, said, last]


def test_an_empty_system_message_in_mid_conversation_goes() -> None:
    body, _ = run(quirks.one_system, messages(USER, system(""), USER))
    assert body["messages"] == [USER, USER]


def test_a_conversation_with_one_system_message_stays_as_it_is() -> None:
    for body in (messages(system("a"), USER), messages(USER), {}, {"messages": [None, USER]}):
        assert run(quirks.one_system, body) == (body, [])


def test_parts_of_text_alone_become_one_string() -> None:
    body, lost = run(
        quirks.flat_text, messages(system([TEXT, TEXT]), {"role": "user", "content": [TEXT, IMAGE]})
    )
    assert body["messages"][0]["content"] == "look\nlook"
    assert body["messages"][1]["content"] == [TEXT, IMAGE]
    assert lost == []


def test_names_in_messages_go() -> None:
    body, lost = run(quirks.drop_names, messages({**USER, "name": "Ann"}, USER))
    assert (body["messages"], lost) == ([USER, USER], ["messages[*].name"])


@pytest.mark.parametrize(
    ("quirk", "part", "what"),
    [
        (quirks.no_images, IMAGE, "image"),
        (quirks.no_files, FILE, "document"),
        (quirks.inline_images_only, LINKED, "image at a URL"),
        (
            quirks.inline_images_only,
            {"type": "image_url", "image_url": "http://x"},
            "image at a URL",
        ),
    ],
)
def test_what_the_model_cannot_read_is_replaced_by_a_text_and_said(
    quirk: Any, part: Any, what: str
) -> None:
    body, lost = run(quirk, messages({"role": "user", "content": [TEXT, part]}), context("glm"))
    text = {"type": "text", "text": f"[{what} left out: glm cannot read it]"}
    assert body["messages"][0]["content"] == [TEXT, text]
    assert lost == ["messages[*].content[*]"]


def test_an_image_inside_the_request_needs_no_fetching() -> None:
    body = messages({"role": "user", "content": [IMAGE]})
    assert run(quirks.inline_images_only, body) == (body, [])


def test_a_schema_becomes_words_behind_the_system_prompt() -> None:
    body, lost = run(
        quirks.schema_as_text, {**messages(system("a"), USER), "response_format": FORMAT}
    )
    assert body["response_format"] == {"type": "json_object"}
    text = body["messages"][0]["content"]
    assert text.startswith("a\n\nAnswer with a JSON object")
    assert '"properties":{"a":{"type":"string"}}' in text
    assert lost == ["response_format.json_schema"]


def test_without_a_system_prompt_the_schema_is_one() -> None:
    body, _ = run(quirks.schema_as_text, {**messages(USER), "response_format": FORMAT})
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    parts = {**messages(system([TEXT]), USER), "response_format": FORMAT}
    assert len(run(quirks.schema_as_text, parts)[0]["messages"][0]["content"]) == 2


def test_any_json_object_needs_no_words() -> None:
    body = {**messages(USER), "response_format": {"type": "json_object"}}
    assert run(quirks.schema_as_text, body) == (body, [])


def test_where_no_format_is_known_every_format_becomes_words() -> None:
    for form in (FORMAT, {"type": "json_object"}):
        body, lost = run(quirks.format_as_text, {**messages(USER), "response_format": form})
        assert "response_format" not in body
        assert "JSON object" in body["messages"][0]["content"]
        assert lost == ["response_format"]
    plain = {**messages(USER), "response_format": {"type": "text"}}
    assert run(quirks.format_as_text, plain) == (messages(USER), [])
    assert run(quirks.format_as_text, messages(USER)) == (messages(USER), [])


def test_known_failure_26_the_cache_key_is_that_of_the_conversation() -> None:
    about = context(session="5f0c")
    first, _ = run(quirks.own_cache_key, messages(USER), about)
    second, _ = run(quirks.own_cache_key, messages(USER, USER), about)
    other, _ = run(quirks.own_cache_key, messages(USER), context(session="else"))
    assert first["prompt_cache_key"] == second["prompt_cache_key"] != other["prompt_cache_key"]
    assert len(first["prompt_cache_key"]) <= 64
    assert "5f0c" not in first["prompt_cache_key"]


def test_a_cache_key_of_the_clients_own_stays() -> None:
    mine = {"prompt_cache_key": "mine"}
    assert run(quirks.own_cache_key, mine, context(session="s")) == (mine, [])
    assert run(quirks.own_cache_key, {}, QuirkContext("m", None, Settings())) == ({}, [])


def test_mistral_calls_the_seed_otherwise() -> None:
    assert run(quirks.seed_for_random_seed, {"seed": 3}) == ({"random_seed": 3}, [])


def test_known_failure_16_keywords_that_an_engine_cannot_use_leave_the_schema() -> None:
    schema = {
        "type": "object",
        "propertyNames": {"pattern": "^a"},
        "properties": {
            # A property may be called like a keyword, and hold one.
            "pattern": {"type": "string", "pattern": "x.*"},
            "list": {"items": [{"pattern": "y"}, True]},
            "one": {"enum": [{"pattern": "kept"}], "default": {"pattern": "kept"}},
        },
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    quirk = quirks.without_keywords("pattern", "propertyNames")
    body, lost = run(quirk, {"tools": [tool, {"type": "other"}]})
    assert body["tools"][0]["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "pattern": {"type": "string"},
            "list": {"items": [{}, True]},
            "one": {"enum": [{"pattern": "kept"}], "default": {"pattern": "kept"}},
        },
    }
    assert lost == ["tools[*].parameters.pattern", "tools[*].parameters.propertyNames"]
    plain = {"tools": [{"function": {"parameters": SCHEMA}}]}
    assert run(quirk, plain)[0] is plain
