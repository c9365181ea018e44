"""Chat's messages to the hub's turns: what stands before the conversation, and the conversation.

System and developer messages at the beginning are the request's `system`, later ones are turns.
Tool messages that follow each other are one user turn, as the results of one assistant turn are.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.ir import freeform
from axonhub_cli.ir.recall import NOTHING, Recall, as_it_is
from axonhub_cli.ir.request import Block, Extra, Message, Opaque, Text, ToolCall, ToolResult
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat import reasoning
from axonhub_cli.protocols.openai_chat.parts import decode_content
from axonhub_cli.protocols.read import fail, need_dict, need_list, need_str, opt_str, rest

Object = dict[str, Json]

_PLAIN = frozenset({"role", "content", "name"})
_TOOL = frozenset({"role", "content", "tool_call_id"})
_FUNCTION = frozenset({"role", "content"})
_ASSISTANT = _PLAIN | frozenset({"tool_calls", "function_call", "refusal"}) | (reasoning.MEMBERS)
_CALL = frozenset({"id", "type", "function", "index"})
_CUSTOM = frozenset({"id", "type", "custom", "index"})


def decode_messages(
    value: Json, recall: Recall = NOTHING
) -> tuple[tuple[Text | Opaque, ...], tuple[Message, ...]]:
    """`system`, and the turns after it. Raises `ClientError` naming the path."""
    reading = _Reading()
    items = need_list(value, "messages")
    if not items:
        fail("messages", "Input should have at least one message")
    for at, item in enumerate(items):
        message = recall.of(item, f"messages.{at}", as_it_is)
        reading.take(need_dict(message, f"messages.{at}"), at)
    reading.end_results()
    return tuple(reading.system), tuple(reading.messages)


class _Reading:
    def __init__(self) -> None:
        self.system: list[Text | Opaque] = []
        self.messages: list[Message] = []
        self._results: list[ToolResult] = []
        self._function_id = ""

    def take(self, message: Object, at: int) -> None:
        role, path = message.get("role"), f"messages.{at}"
        if role == "tool":
            self._results.append(_tool_result(message, path))
            return
        if role == "function":
            self._results.append(self._function_result(message, at))
            return
        self.end_results()
        match role:
            case "user":
                self._add(
                    "user", decode_content(message.get("content"), f"{path}.content"), message
                )
            case "assistant":
                self._assistant(message, at)
            case "system" | "developer":
                self._system(message, path)
            case _:
                fail(f"{path}.role", f"Unknown role {role!r}")

    def end_results(self) -> None:
        if self._results:
            self.messages.append(Message("user", tuple(self._results)))
            self._results = []

    def _system(self, message: Object, path: str) -> None:
        content = decode_content(message.get("content"), f"{path}.content")
        extra = {} if message["role"] == "system" else {"role": message["role"]}
        if self.messages:
            self._add("system", content, message, extra)
            return
        extra |= rest(message, frozenset({"role", "content"}))
        for block in content:
            if isinstance(block, Text):
                self.system.append(Text(block.text, block.extra | extra) if extra else block)
            elif isinstance(block, Opaque):
                self.system.append(block)
            else:
                fail(f"{path}.content", "A system message should hold text")

    def _assistant(self, message: Object, at: int) -> None:
        path = f"messages.{at}"
        blocks: list[Block] = []
        if not reasoning.MEMBERS.isdisjoint(message):
            beside = {name: message.get(name) for name in reasoning.MEMBERS}
            blocks += reasoning.read_blocks(beside)
        blocks += decode_content(message.get("content"), f"{path}.content")
        refusal = opt_str(message.get("refusal"), f"{path}.refusal")
        if refusal:
            blocks.append(Text(refusal, {"type": "refusal"}))
        calls = message.get("tool_calls")
        if calls:
            listed = need_list(calls, f"{path}.tool_calls")
            blocks += [_call(call, f"{path}.tool_calls.{i}") for i, call in enumerate(listed)]
        if message.get("function_call"):
            self._function_id = f"call_function_{at}"
            blocks.append(_function_call(message["function_call"], path, self._function_id))
        self.messages.append(
            Message(
                "assistant",
                tuple(blocks),
                opt_str(message.get("name"), f"{path}.name"),
                _present(rest(message, _ASSISTANT)),
            )
        )

    def _add(
        self, role: str, content: tuple[Block, ...], message: Object, extra: Extra | None = None
    ) -> None:
        name = message.get("name")
        known = len(message) == 2
        self.messages.append(
            Message(
                "system" if role == "system" else "user",
                content,
                name if isinstance(name, str) else None,
                (extra or {}) if known else rest(message, _PLAIN) | (extra or {}),
            )
        )

    def _function_result(self, message: Object, at: int) -> ToolResult:
        """A legacy message names the function; the call before it is meant."""
        path = f"messages.{at}"
        content = decode_content(message.get("content"), f"{path}.content")
        call_id = self._function_id or f"call_function_{at}"
        return ToolResult(call_id, content, extra=rest(message, _FUNCTION))


def _tool_result(message: Object, path: str) -> ToolResult:
    content = decode_content(message.get("content"), f"{path}.content")
    call_id = need_str(message.get("tool_call_id"), f"{path}.tool_call_id")
    return ToolResult(call_id, content, extra=rest(message, _TOOL))


def _call(value: Json, path: str) -> ToolCall:
    call = need_dict(value, path)
    id_ = need_str(call.get("id"), f"{path}.id")
    if call.get("type") == "custom":
        custom = need_dict(call.get("custom"), f"{path}.custom")
        given = freeform.wrap(need_str(custom.get("input"), f"{path}.custom.input"))
        name = need_str(custom.get("name"), f"{path}.custom.name")
        return ToolCall(id_, name, given, rest(call, _CUSTOM), freeform=True)
    function = need_dict(call.get("function"), f"{path}.function")
    name = need_str(function.get("name"), f"{path}.function.name")
    arguments = read_arguments(function.get("arguments"), f"{path}.function.arguments")
    return ToolCall(id_, name, arguments, rest(call, _CALL))


def _function_call(value: Json, path: str, id_: str) -> ToolCall:
    call = need_dict(value, f"{path}.function_call")
    name = need_str(call.get("name"), f"{path}.function_call.name")
    return ToolCall(
        id_, name, read_arguments(call.get("arguments"), f"{path}.function_call.arguments")
    )


def read_arguments(value: Json, path: str) -> str:
    """JSON text; some clients send the object itself."""
    if isinstance(value, dict):
        return jsonio.encode(value).decode()
    return "" if value is None else need_str(value, path)


def _present(extra: Extra) -> Extra:
    """Clients send a whole answer back, with its empty members: those say nothing."""
    return {name: value for name, value in extra.items() if value is not None and value != []}
