"""What echo says: the content blocks that answer a request.

    user's text                      answer
    hello                            a friendly echo of `hello`
    !tool Bash {"command": "ls"}     a call of the offered tool `Bash` with that input
    (a tool's result)                the result, quoted
    (tool_choice forces a tool)      a call of that tool with input made up from its schema
    (output_config asks for JSON)    the smallest JSON that fits the schema

A `!tool` line may stand anywhere in the text, and more than once; the JSON may be left out.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.echo.schema import example
from axonhub_cli.echo.tokens import text_of
from axonhub_cli.jsonio import InvalidJson, Json

SIGNATURE = "echo"
"""Of thinking blocks. No real signature looks like it, so nobody takes it for a model's thought."""

Block = dict[str, Json]

_CALL = "!tool "
_REMINDER = "<system-reminder>"


def compose(request: dict[str, Json], identity: str) -> list[Block]:
    """The answer's content blocks; `identity` makes the ids of its tool calls."""
    blocks = _thinking(request.get("thinking"))
    last = _last_user_content(request["messages"])
    schema = _answer_schema(request)
    forced = _forced_tool(request)
    if schema is not None:
        return [*blocks, _text(jsonio.encode(example(schema, _said(last))).decode())]
    if forced is not None:
        made_up = example(forced.get("input_schema"), _said(last))
        return [*blocks, _call(str(forced["name"]), made_up, identity, 0)]
    results = [block for block in last if block.get("type") == "tool_result"]
    if results:
        return [*blocks, _text("\n\n".join(_report(block) for block in results))]
    return [*blocks, *_echo(request, last, identity)]


def _echo(request: dict[str, Json], last: list[Block], identity: str) -> list[Block]:
    said = _said(last)
    lines = said.splitlines()
    wanted = [line.strip()[len(_CALL) :] for line in lines if line.strip().startswith(_CALL)]
    if wanted:
        return _calls(wanted, _tools(request), identity)
    pictures = sum(block.get("type") in ("image", "document") for block in last)
    seen = {0: "", 1: "\n\nYou also sent an attachment."}.get(
        pictures, f"\n\nYou also sent {pictures} attachments."
    )
    if not said:
        return [_text("You said nothing, and echo has nothing to add." + seen)]
    return [_text(f"You said: {said}{seen}")]


def _calls(wanted: list[str], tools: dict[str, Block], identity: str) -> list[Block]:
    calls: list[Block] = []
    for index, line in enumerate(wanted):
        name, _, arguments = line.strip().partition(" ")
        if name not in tools:
            offered = ", ".join(sorted(tools)) or "none"
            return [_text(f"There is no tool {name!r} here. Offered: {offered}.")]
        try:
            value = jsonio.decode(arguments.encode()) if arguments.strip() else {}
        except InvalidJson as error:
            return [_text(f"The input of !tool {name} is not valid JSON: {error}.")]
        if not isinstance(value, dict):
            return [_text(f"The input of !tool {name} must be a JSON object.")]
        calls.append(_call(name, value, identity, index))
    names = ", ".join(call["name"] for call in calls)
    return [_text(f"Calling {names}."), *calls]


def _report(result: Block) -> str:
    verb = "failed" if result.get("is_error") else "answered"
    said = text_of(result.get("content"), separator="\n").strip()
    return f"The tool {verb}: {said}" if said else f"The tool {verb} without a word."


def _thinking(setting: Json) -> list[Block]:
    # Claude 4.6 and later are asked to think with `adaptive`, older ones with `enabled`.
    if not isinstance(setting, dict) or setting.get("type") not in ("enabled", "adaptive"):
        return []
    omitted = setting.get("display") == "omitted"
    thought = "" if omitted else "Echo repeats what it is told; there is little to think about."
    return [{"type": "thinking", "thinking": thought, "signature": SIGNATURE}]


def _last_user_content(messages: list[Block]) -> list[Block]:
    """Blocks of the last user message. A `system` message may follow it (Claude Code sends one)."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return [_text(content)]
            if isinstance(content, list):
                return [block for block in content if isinstance(block, dict)]
            return []
    return []


def _said(blocks: list[Block]) -> str:
    """The person's own words: the last text that is not one of Claude Code's reminders."""
    texts = (text_of([block]).strip() for block in blocks if block.get("type") == "text")
    own = [text for text in texts if text and not text.startswith(_REMINDER)]
    return own[-1] if own else ""


def _answer_schema(request: dict[str, Json]) -> Json:
    config = request.get("output_config")
    form = config.get("format") if isinstance(config, dict) else None
    return form.get("schema") if isinstance(form, dict) else None


def _forced_tool(request: dict[str, Json]) -> Block | None:
    choice = request.get("tool_choice")
    if not isinstance(choice, dict):
        return None
    tools = _tools(request)
    if choice.get("type") == "tool":
        return tools.get(str(choice.get("name")))
    return next(iter(tools.values()), None) if choice.get("type") == "any" else None


def _tools(request: dict[str, Json]) -> dict[str, Block]:
    tools = request.get("tools")
    if not isinstance(tools, list):
        return {}
    return {str(tool["name"]): tool for tool in tools if isinstance(tool, dict) and "name" in tool}


def _call(name: str, value: Json, identity: str, index: int) -> Block:
    tool_id = f"toolu_echo_{identity}_{index}"
    return {"type": "tool_use", "id": tool_id, "name": name, "input": value}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
