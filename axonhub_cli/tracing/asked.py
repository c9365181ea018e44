"""Read what one request's body asks: what it added to its conversation, and what kind it is.

Bodies repeat the whole conversation; what a request added is what comes after the last answer in
it. Only that end and the beginning are decoded, by the codec of the body's protocol, so that any
protocol is read that can be converted. Reading is lenient, as everywhere in the trace: a body of
another shape is shown as far as it has messages with texts, and is never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec
from msgspec import Raw, Struct, structs

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Block, Document, Image, Message, Text, ToolCall
from axonhub_cli.ir.request import ToolResult as Result
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.beside import Side, Signs, looks_like
from axonhub_cli.tracing.title import own_words, user_texts

MAX_ROOT = 400
MAX_REPLY = 400
_LOOKED_AT = 4096
"""Letters of a prompt in which an agent's words are looked for."""

_TOLD_RESULT = re.compile(r"\[([a-z_]+(?: [^\]\n]*)?)\] Result:")
_SYSTEM = re.compile(rb'"role"\s*:\s*"(?:system|developer)"')
_ARRAYS = ("messages", "input", "contents")
_FIRST_LOOK, _BEGINNING = 4, 8
"""Messages: the end that is decoded first, and the beginning in which a user must speak."""

# How agents ask for a summary of the conversation, and how the next one begins with it
# (Claude Code 2.1, Codex 0.169, OpenCode 1.18).
_ASKS_SUMMARY = (
    # Of "the conversation", or of "the RECENT portion of" it.
    "Your task is to create a detailed summary of",
    "You are performing a CONTEXT CHECKPOINT COMPACTION",
    "Provide a detailed prompt for continuing our conversation above",
)
_IS_SUMMARY = (
    "This session is being continued from a previous conversation",
    "Another language model started to solve this problem and produced a summary",
)


class ToolResult(Struct, frozen=True):
    """What a tool gave back, as the client reports it."""

    call_id: str
    """Empty where the client speaks of no call but in words."""
    text: str
    is_error: bool
    name: str = ""
    """What was called, where the result itself says so."""


class Reply(Struct, frozen=True):
    """What the model said last, as the client repeats it: the beginning of it, and its calls."""

    text: str = ""
    calls: tuple[str, ...] = ()
    """Their ids."""


class News(Struct, frozen=True):
    """What a request added: the user's words, and tools' results."""

    texts: tuple[str, ...] = ()
    results: tuple[ToolResult, ...] = ()
    attachments: int = 0
    """Pictures and documents, but for those that come with nothing except tools' results."""
    messages: int = 0
    """How many messages the whole body has."""
    blocks: int = 0
    """How many blocks were added, an agent's own words included."""


class Asked(Struct, frozen=True, kw_only=True):
    """One request's side of the conversation."""

    news: News = News()
    root: str = ""
    """The first words of the user in the whole body: by them a conversation is known."""
    frame: bytes = b""
    """The beginning of its system prompt: two agents may be told the same."""
    reply: Reply | None = None
    """The last answer before the news; None: the conversation begins here, or cannot be read."""
    tools: int = 0
    side: Side | None = None
    """What it looks like; whether it is one, `beside.is_beside` says."""
    asks_summary: bool = False
    """It asks for a summary that is to replace the conversation."""
    begins_with_summary: bool = False
    readable: bool = True
    """False: there is no body, or none that could be read."""


class _Body(Struct):
    messages: list[Raw] | None = None
    input: list[Raw] | str | None = None
    contents: list[Raw] | None = None
    tools: list[Raw] | None = None
    system: Raw = Raw(b"null")
    max_tokens: Json = None
    output_config: Json = None
    response_format: Json = None

    @property
    def signs(self) -> Signs:
        return Signs(
            self.tools, self.system, self.max_tokens, self.output_config, self.response_format
        )


_decode = msgspec.json.Decoder(_Body).decode
_Decode = Callable[[Sequence[Raw]], tuple[Message, ...]]


def read_asked(
    protocol: str, body: bytes | None, operation: str = "generate", request_class: str | None = None
) -> Asked:
    """What a body asks; `protocol` is the client's, `request_class` what the client calls it."""
    read = None if body is None else _read_body(body)
    if read is None:
        side = looks_like(Signs(), "", "", operation, request_class)
        return Asked(side=side, readable=False)
    name, items = _conversation(read)
    news, reply, first, readable = _read(protocol, name, items)
    last = news.texts[-1] if news.texts else ""
    asks = request_class == "compaction" or any(_starts(t, _ASKS_SUMMARY) for t in news.texts)
    return Asked(
        news=news,
        root=first[:MAX_ROOT],
        frame=_frame(read, items),
        reply=reply,
        tools=len(read.tools or ()),
        side=None if asks else looks_like(read.signs, first, last, operation, request_class),
        asks_summary=asks,
        begins_with_summary=first.startswith(_IS_SUMMARY),
        readable=readable,
    )


def is_summary(text: str) -> bool:
    """Is this the summary of an earlier conversation, put before its continuation?"""
    return text.startswith(_IS_SUMMARY)


def _starts(text: str, marks: Sequence[str]) -> bool:
    return any(mark in text[:_LOOKED_AT] for mark in marks)


def _read_body(body: bytes) -> _Body | None:
    for given in (body, None):
        try:
            return _decode(jsonio.repair_surrogates(body) if given is None else given)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None


def _conversation(read: _Body) -> tuple[str, list[Raw]]:
    for name in _ARRAYS:
        found = getattr(read, name)
        if isinstance(found, str):
            return name, [Raw(jsonio.encode({"role": "user", "content": found}))]
        if found is not None:
            return name, found
    return _ARRAYS[0], []


def _frame(read: _Body, items: list[Raw]) -> bytes:
    system = bytes(read.system)
    if system == b"null" and items and _SYSTEM.search(bytes(items[0])[:_LOOKED_AT]):
        system = bytes(items[0])
    return system[:MAX_ROOT]


def _read(protocol: str, name: str, items: list[Raw]) -> tuple[News, Reply | None, str, bool]:
    """What was added, the answer before it, the first words of the user, and whether it could be
    read as it should."""
    known = PROTOCOLS.get(protocol)
    codec = known.codec if known is not None else None
    if codec is not None and items:
        try:
            decode = codec.decode_request

            def messages(part: Sequence[Raw]) -> tuple[Message, ...]:
                decoded = [jsonio.decode(bytes(item)) for item in part]
                return decode({"model": "-", name: decoded}).messages

            answer, added = _last_answer(messages, items)
            first = _begins_with(protocol, name, bytes(items[0]))
            if not first:
                first = _first_words(messages(items[:_BEGINNING]))
            news = _news(added, len(items))
            if not (first or answer or news.results or news.attachments):
                news, first = _all_words(news, added)
            return news, _reply(answer), first, True
        except (ClientError, jsonio.InvalidJson):
            pass
    news, first = _read_loosely(items)
    return news, None, first, False


def _all_words(news: News, added: Sequence[Message]) -> tuple[News, str]:
    """Where a conversation begins with nothing but tags, they are what the user says: a program
    may put all of its prompt between tags, and no agent begins without a word of its user."""
    texts = [
        block.text.strip()
        for message in added
        if message.role == "user"
        for block in message.content
        if isinstance(block, Text) and block.text.strip()
    ]
    return structs.replace(news, texts=tuple(texts)), "\n".join(texts)


def _last_answer(
    decode: _Decode, items: list[Raw], look: int = _FIRST_LOOK
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The last answer, empty when there is none, and what comes after it."""
    while True:
        messages = decode(items[-look:])
        # An answer at the very end is one that the model is to go on with.
        spoken = list(messages)
        while spoken and spoken[-1].role == "assistant":
            spoken.pop()
        for at in range(len(spoken) - 1, -1, -1):
            if spoken[at].role == "assistant":
                return (spoken[at],), tuple(spoken[at + 1 :])
        if look >= len(items):
            return (), tuple(spoken)
        look *= 4


def _news(added: Sequence[Message], messages: int) -> News:
    blocks = [block for message in added if message.role == "user" for block in message.content]
    texts, told = _apart(_own(blocks))
    return News(
        texts=tuple(texts),
        results=(*(_result(block) for block in blocks if isinstance(block, Result)), *told),
        attachments=sum(_attachments(message) for message in added if message.role == "user"),
        messages=messages,
        blocks=len(blocks),
    )


def _apart(texts: Iterator[str]) -> tuple[list[str], list[ToolResult]]:
    """The user's own words, and what an agent says in his name that a tool gave back: Cline and
    its kin write `[read_file for 'a.py'] Result:`, and the result as the next text."""
    own: list[str] = []
    results: list[ToolResult] = []
    for text in texts:
        if (head := _TOLD_RESULT.match(text)) is None:
            own.append(text)
        else:
            result = text[head.end() :].strip() or next(texts, "")
            results.append(ToolResult("", result, False, head[1]))
    return own, results


def _attachments(message: Message) -> int:
    from_tools = any(isinstance(block, Result) for block in message.content)
    if from_tools and not any(_own(message.content)):
        return 0
    return sum(isinstance(block, Image | Document) for block in message.content)


def _reply(answer: Sequence[Message]) -> Reply | None:
    if not answer:
        return None
    blocks = answer[-1].content
    return Reply(
        reply_text(block.text for block in blocks if isinstance(block, Text)),
        tuple(block.id for block in blocks if isinstance(block, ToolCall) and block.id),
    )


def reply_text(texts: Iterable[str]) -> str:
    """By what a text that a model said is known again: clients join texts, and trim them."""
    return " ".join(" ".join(texts).split())[:MAX_REPLY]


def _said_by_user(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        if message.role == "user":
            yield from _own(message.content)


def _first_words(messages: Sequence[Message]) -> str:
    return next(_said_by_user(messages), "")


@lru_cache(maxsize=64)
def _begins_with(protocol: str, name: str, first: bytes) -> str:
    """What a user says in a conversation's first message, which all its requests repeat."""
    codec = PROTOCOLS[protocol].codec
    assert codec is not None, "bodies of other protocols are read loosely"
    return _first_words(codec.decode_request({"model": "-", name: [jsonio.decode(first)]}).messages)


def _own(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Text) and (own := own_words(block.text)):
            yield own


def _result(result: Result) -> ToolResult:
    text = "\n".join(part.text for part in result.content if isinstance(part, Text) and part.text)
    pictures = any(isinstance(part, Image) for part in result.content)
    return ToolResult(
        result.call_id, text.strip() or ("(a picture)" if pictures else ""), result.is_error
    )


def _read_loosely(items: list[Raw]) -> tuple[News, str]:
    """What looks like a user's words, of a body that its protocol's codec refuses."""
    added: list[str] = []
    first = ""
    for raw in items:
        try:
            item = jsonio.decode(bytes(raw))
        except jsonio.InvalidJson:
            continue
        role = item.get("role") if isinstance(item, dict) else None
        if role in ("assistant", "model"):
            added = []
        elif role == "user":
            texts = list(user_texts(item.get("content", item.get("parts"))))
            first = first or next(iter(texts), "")
            added += texts
    return News(texts=tuple(added), messages=len(items)), first
