"""The hub's turns to Chat's messages, in an order that every Chat server accepts.

    system?  (system | user | assistant | assistant with tool_calls, then a tool message each)*

A tool message stands directly after the calls, wherever the client put the result; a call without
a result gets one that says so, and a result without its call becomes the user's text: servers
refuse the whole conversation otherwise. Tool messages hold text, so images follow as the user's.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from axonhub_cli.ir import freeform
from axonhub_cli.ir.request import (
    Block,
    Document,
    Image,
    Message,
    RedactedThinking,
    Request,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.protocols.openai_chat.losses import Losses
from axonhub_cli.protocols.openai_chat.names import NAME
from axonhub_cli.protocols.openai_chat.parts_encoder import PartsEncoder, join_texts, text_part
from axonhub_cli.protocols.openai_chat.reasoning import detail_of, is_sealed

Object = dict[str, Json]
_Result = tuple[Object, list[Object]]
"""A tool message, and what of the result must be shown by the user."""

NO_RESULT = "(no result: the tool call was interrupted)"
# What is remembered of a message in this protocol's words.
_USER, _ASSISTANT, _RESULT = "chat user", "chat assistant", "chat result"
_BLOCK = "messages[*].content[*]"


def encode_messages(request: Request, losses: Losses) -> list[Object]:
    """Raises `ClientError` naming the content that cannot cross."""
    if request.protocol == NAME:
        system = [_own_system(text) for text in request.system]
    else:
        system = _system(request, losses)
    return system + _Writing(request, losses).write()


def _own_system(block: Block) -> Object:
    if not isinstance(block, Text):
        return {"role": "system", "content": [PartsEncoder.own(block)]}
    extra = dict(block.extra)
    message: Object = {"role": extra.pop("role", "system"), "content": block.text}
    if "name" in extra:
        message["name"] = extra.pop("name")
    if extra:
        message["content"] = [text_part(block.text, extra)]
    return message


def _system(request: Request, losses: Losses) -> list[Object]:
    encoder = PartsEncoder(request.protocol, losses)
    texts = [
        encoder.text_of(block, f"system.{at}", "system[*]")
        for at, block in enumerate(request.system)
    ]
    text = "\n\n".join([text for text in texts if text.strip()])
    return [{"role": "system", "content": text}] if text else []


class _Writing:
    def __init__(self, request: Request, losses: Losses) -> None:
        self._messages = request.messages
        self._own = request.protocol == NAME
        self._losses = losses
        self._parts = PartsEncoder(request.protocol, losses)
        self._out: list[Object] = []
        # Results by the id of their call, with where they stand; taken out as they are written:
        # what is not taken when its own turn comes has no call before it.
        self._results: dict[str, deque[tuple[int, int, ToolResult]]] = {}
        self._taken: set[tuple[int, int]] = set()
        for at, message in enumerate(self._messages):
            for place, block in enumerate(message.content):
                if isinstance(block, ToolResult):
                    found = self._results.setdefault(block.call_id, deque())
                    found.append((at, place, block))

    def write(self) -> list[Object]:
        for at, message in enumerate(self._messages):
            match message.role:
                case "assistant":
                    self._assistant(message, at)
                case "user":
                    self._user(message, at)
                case _:
                    self._system(message, at)
        return self._out

    def _system(self, message: Message, at: int) -> None:
        if self._own:
            self._put("system", self._content(message.content, at), message)
            return
        texts = [
            self._parts.text_of(block, f"messages.{at}.content.{place}", _BLOCK)
            for place, block in enumerate(message.content)
        ]
        text = "\n\n".join([text for text in texts if text.strip()])
        # Claude Code sends empty ones, which only carry settings.
        if text:
            self._put("system", text, message)
        else:
            self._losses.add_members("messages[*]", message.extra)

    def _user(self, message: Message, at: int) -> None:
        known: Object | None = self._losses.known(_USER, message)
        if known is not None:
            self._out.append(known)
            return
        blocks: list[Block] = []
        results = False
        for place, block in enumerate(message.content):
            if not isinstance(block, ToolResult):
                blocks.append(block)
                continue
            results = True
            if (at, place) not in self._taken:
                blocks += self._orphan(block, f"messages[{at}].content[{place}]")
        if blocks and not results:
            make = partial(self._finished, "user", message, at)
            self._out.append(self._losses.making(_USER, message, make))
        elif blocks or not message.content:
            self._put("user", self._content(tuple(blocks), at), message)
        elif message.extra:
            self._losses.add_members("messages[*]", message.extra)

    def _content(self, blocks: tuple[Block, ...], at: int) -> Json:
        """A string where it is text alone: not every server reads parts."""
        parts = [
            part
            for place, block in enumerate(blocks)
            for part in self._parts.encode(block, f"messages.{at}.content.{place}")
        ]
        if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
            return parts[0]["text"]
        if self._own and parts:
            return parts
        if all(part["type"] == "text" for part in parts):
            return "\n\n".join([part["text"] for part in parts])
        return parts

    def _finished(self, role: str, message: Message, at: int) -> Object:
        encoded: Object = {"role": role, "content": self._content(message.content, at)}
        return self._complete(encoded, message)

    def _assistant(self, message: Message, at: int) -> None:
        known: Object | None = self._losses.known(_ASSISTANT, message)
        if known is None:
            make = partial(self._spoken, message, at)
            known = self._losses.making(_ASSISTANT, message, make)
        self._out.append(known)
        if calls := [block for block in message.content if isinstance(block, ToolCall)]:
            self._answer(calls, at)

    def _spoken(self, message: Message, at: int) -> Object:
        calls: list[ToolCall] = []
        thoughts: list[Thinking | RedactedThinking] = []
        said: list[tuple[int, Block]] = []
        for place, block in enumerate(message.content):
            match block:
                case ToolCall():
                    calls.append(block)
                case Thinking() | RedactedThinking():
                    thoughts.append(block)
                case _:
                    said.append((place, block))
        content = self._said(said, at)
        encoded: Object = {"role": "assistant", "content": content}
        if thoughts:
            self._add_reasoning(thoughts, encoded)
        if calls:
            encoded["content"] = content or None
            encoded["tool_calls"] = [self._call(call) for call in calls]
        return self._complete(encoded, message)

    def _said(self, said: list[tuple[int, Block]], at: int) -> Json:
        if self._own:
            return self._content(tuple([block for _, block in said]), at)
        if len(said) == 1 and (plain := _plain_text(said[0][1])) is not None:
            return plain
        texts: list[tuple[float, str]] = []
        for place, block in said:
            text = self._parts.text_of(block, f"messages.{at}.content.{place}", _BLOCK)
            # What is no text by nature is nobody's neighbour.
            texts.append((place if isinstance(block, Text) else place + 0.5, text))
        return join_texts(texts)

    def _add_reasoning(self, blocks: list[Thinking | RedactedThinking], encoded: Object) -> None:
        text = "\n\n".join([b.text for b in blocks if isinstance(b, Thinking) and b.text])
        if text:
            encoded["reasoning_content"] = text
        if self._own:
            if any(is_sealed(block) for block in blocks):
                encoded["reasoning_details"] = [detail_of(block) for block in blocks]
            return
        for block in blocks:
            self._losses.add_members(_BLOCK, block.extra)
            if isinstance(block, RedactedThinking):
                self._losses.add(f"{_BLOCK}.data", "only its issuer can read redacted thinking")
            elif block.signature not in (None, UNSIGNED):
                self._losses.add(f"{_BLOCK}.signature", "only its issuer can read a signature")

    def _call(self, call: ToolCall) -> Object:
        function = {"name": call.name, "arguments": call.arguments or "{}"}
        if not self._own:
            if call.extra:
                self._losses.add_members(_BLOCK, call.extra)
            return {"id": call.id, "type": "function", "function": function}
        if call.freeform:
            custom = {"name": call.name, "input": freeform.unwrap(call.arguments)}
            return {"id": call.id, "type": "custom", "custom": custom, **call.extra}
        return {"id": call.id, "type": "function", "function": function, **call.extra}

    def _answer(self, calls: list[ToolCall], at: int) -> None:
        """A tool message for each call, then the media of their results."""
        media: list[Object] = []
        for call in calls:
            found = self._take_after(call.id, at)
            if found is None:
                self._losses.add(
                    f"messages[{at}]",
                    f"the call {call.id} has no result: one that says so is added",
                )
                self._out.append({"role": "tool", "tool_call_id": call.id, "content": NO_RESULT})
                continue
            tool, shown = self._result_message(*found)
            self._out.append(tool)
            if shown:
                media += [text_part(f"From the result of tool call {call.id} ({call.name}):")]
                media += shown
        if media:
            self._out.append({"role": "user", "content": media})

    def _result_message(self, at: int, place: int, result: ToolResult) -> _Result:
        message = self._messages[at]
        known: _Result | None = self._losses.known(_RESULT, message, place)
        if known is not None:
            return known

        def make() -> _Result:
            content, shown = self._result(result, at, place)
            tool: Object = {"role": "tool", "tool_call_id": result.call_id, "content": content}
            return (tool | result.extra if self._own else tool), shown

        return self._losses.making(_RESULT, message, make, place=place, wire=_first)

    def _result(self, result: ToolResult, at: int, place: int) -> tuple[Json, list[Object]]:
        """The text of a result, and what of it must be shown by the user."""
        if self._own:
            return self._own_result(result), []
        if result.extra:
            self._losses.add_members(_BLOCK, result.extra)
        if len(result.content) == 1 and not result.is_error:
            plain = _plain_text(result.content[0])
            if plain is not None:
                return plain, []
        texts: list[str] = []
        media: list[Object] = []
        path = f"messages.{at}.content.{place}.content"
        for inner, part in enumerate(result.content):
            if isinstance(part, Image) or (isinstance(part, Document) and part.text is None):
                media += self._parts.encode(part, f"{path}.{inner}")
                kind = "an image" if isinstance(part, Image) else "a document"
                self._losses.add(
                    f"{_BLOCK}.content[*]",
                    f"Chat's tool messages hold text only: {kind} follows in a user message",
                )
            else:
                inside = f"{_BLOCK}.content[*]"
                texts.append(self._parts.text_of(part, f"{path}.{inner}", inside))
        text = "\n".join(texts)
        if media and not text:
            text = "(the content follows)"
        if result.is_error:
            self._losses.add(f"{_BLOCK}.is_error", 'said in the text: "Error: …"')
            text = f"Error: {text}" if text else "Error"
        return text, media

    def _own_result(self, result: ToolResult) -> Json:
        parts = [part for block in result.content for part in [PartsEncoder.own(block)]]
        if not parts:
            return ""
        plain = len(parts) == 1 and parts[0].keys() == {"type", "text"}
        return parts[0]["text"] if plain else parts

    def _orphan(self, result: ToolResult, path: str) -> list[Block]:
        self._losses.add(path, "a result without its call: sent as the user's text")
        head = Text(f"Result of tool call {result.call_id}:")
        return [head, *result.content]

    def _take_after(self, call_id: str, at: int) -> tuple[int, int, ToolResult] | None:
        found = self._results.get(call_id)
        # Calls come in order: what stands before this one is none of a later one's either.
        while found and found[0][0] <= at:
            found.popleft()
        if not found:
            return None
        entry = found.popleft()
        self._taken.add(entry[:2])
        return entry

    def _put(self, role: str, content: Json, message: Message) -> None:
        self._out.append(self._complete({"role": role, "content": content}, message))

    def _complete(self, encoded: Object, message: Message) -> Object:
        if message.name is not None:
            encoded["name"] = message.name
        if message.extra:
            if self._own:
                encoded |= message.extra
            else:
                self._losses.add_members("messages[*]", message.extra)
        return encoded


def _first(written: _Result) -> Object:
    return written[0]


def _plain_text(block: Block) -> str | None:
    """The text of a block that is nothing else, which most are."""
    return block.text if type(block) is Text and not block.extra else None
