"""What echo says, and when it calls tools."""

from __future__ import annotations

from typing import Any

from axonhub_cli.echo.answer import SIGNATURE, compose

BASH = {"name": "Bash", "input_schema": {"type": "object", "required": ["command"]}}


def say(content: Any, **fields: Any) -> list[dict[str, Any]]:
    return compose({"messages": [{"role": "user", "content": content}], **fields}, "1")


def text(content: Any, **fields: Any) -> str:
    return str(say(content, **fields)[-1]["text"])


def test_the_last_text_is_echoed_and_reminders_are_not() -> None:
    blocks = [
        {"type": "text", "text": "<system-reminder>\nlong\n</system-reminder>"},
        {"type": "text", "text": "say pong"},
        {"type": "text", "text": "<system-reminder>after</system-reminder>"},
    ]
    assert text(blocks) == "You said: say pong"


def test_a_system_message_after_the_users_does_not_hide_it() -> None:
    messages = [{"role": "user", "content": "hello"}, {"role": "system", "content": "be brief"}]
    assert compose({"messages": messages}, "1")[0]["text"] == "You said: hello"


def test_attachments_are_mentioned() -> None:
    picture = {"type": "image", "source": {}}
    assert "an attachment" in text([{"type": "text", "text": "look"}, picture])
    assert "2 attachments" in text([picture, picture])


def test_nothing_said_is_answered_too() -> None:
    assert "nothing" in text("")
    assert "nothing" in text(None)


def test_a_tool_line_becomes_a_call() -> None:
    blocks = say('please\n!tool Bash {"command": "echo hi"}', tools=[BASH])
    assert blocks[0] == {"type": "text", "text": "Calling Bash."}
    assert blocks[1]["type"] == "tool_use"
    assert (blocks[1]["name"], blocks[1]["input"]) == ("Bash", {"command": "echo hi"})


def test_two_tool_lines_become_two_calls_with_their_own_ids() -> None:
    calls = say("!tool Bash\n!tool Bash {}", tools=[BASH])[1:]
    assert [call["input"] for call in calls] == [{}, {}]
    assert len({call["id"] for call in calls}) == 2


def test_a_tool_that_is_not_offered_is_named_with_those_that_are() -> None:
    assert text("!tool Rm {}", tools=[BASH]) == "There is no tool 'Rm' here. Offered: Bash."
    assert text("!tool Rm {}") == "There is no tool 'Rm' here. Offered: none."


def test_a_tool_line_with_a_bad_input_is_explained() -> None:
    assert "not valid JSON" in text("!tool Bash {oops", tools=[BASH])
    assert "must be a JSON object" in text("!tool Bash [1]", tools=[BASH])


def test_results_are_reported() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "hi\n"}
    failed = {"type": "tool_result", "content": [{"type": "text", "text": "no"}], "is_error": True}
    silent = {"type": "tool_result"}
    assert text([result]) == "The tool answered: hi"
    said = text([result, failed, silent]).split("\n\n")
    assert said[1:] == ["The tool failed: no", "The tool answered without a word."]


def test_thinking_comes_first_and_is_signed_as_echos_own() -> None:
    for kind in ("enabled", "adaptive"):
        block = say("hello", thinking={"type": kind})[0]
        assert (block["type"], block["signature"]) == ("thinking", SIGNATURE)
        assert block["thinking"]
    assert say("hello", thinking={"type": "disabled"})[0]["type"] == "text"


def test_omitted_thinking_has_a_signature_and_no_words() -> None:
    block = say("hello", thinking={"type": "adaptive", "display": "omitted"})[0]
    assert (block["thinking"], block["signature"]) == ("", SIGNATURE)


def test_a_forced_tool_is_called_with_an_input_that_fits() -> None:
    schema = {
        "type": "object",
        "required": ["command"],
        "properties": {"command": {"type": "string"}},
    }
    tools = [{"name": "Read", "input_schema": {}}, BASH | {"input_schema": schema}]
    named = say("ls", tools=tools, tool_choice={"type": "tool", "name": "Bash"})[-1]
    assert (named["name"], named["input"]) == ("Bash", {"command": "ls"})
    assert say("ls", tools=tools, tool_choice={"type": "any"})[-1]["name"] == "Read"
    assert text("ls", tools=tools, tool_choice={"type": "auto"}) == "You said: ls"


def test_json_is_answered_where_a_schema_asks_for_it() -> None:
    schema = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    config = {"format": {"type": "json_schema", "schema": schema}}
    assert text("fix the bug", output_config=config) == '{"title":"fix the bug"}'
