"""Tool ids and tool names that another protocol does not take: fitted on the way, and turned back.

Ids: Anthropic takes `[a-zA-Z0-9_-]+`, and refuses a whole conversation for one id such as
`functions.Bash:0` (known-failures 10). Such an id becomes `axh_` and base64url of itself: it can be
turned back by anyone, so nothing is kept between requests: `restore_id(fit_id(x)) == x`, always.

Names: Chat takes 64 characters of the same kind. A longer name keeps its beginning and gets a hash;
an answer's names are turned back by the request's own tools.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from msgspec.structs import replace

from axonhub_cli.ir.change import changed
from axonhub_cli.ir.events import BlockStarted, Event
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import Block, Message, Request, ServerTool, Tool, ToolCall, ToolResult
from axonhub_cli.ir.response import Response

_PREFIX = "axh_"
_PLAIN = re.compile(r"[a-zA-Z0-9_-]+")
_OTHER = re.compile(r"[^a-zA-Z0-9_-]")

LONGEST_NAME = {"openai_chat": 64, "anthropic": 128}
"""Characters of a tool's name (API references of OpenAI and Anthropic, read 2026-11)."""


def fit_id(id: str) -> str:
    """The id as Anthropic takes it: itself, or reversibly encoded."""
    if _PLAIN.fullmatch(id) and restore_id(id) == id:
        return id
    encoded = urlsafe_b64encode(id.encode("utf-8", "surrogatepass")).rstrip(b"=")
    return _PREFIX + encoded.decode()


def restore_id(id: str) -> str:
    """What `fit_id` was given; an id that is not its work stays."""
    if not id.startswith(_PREFIX):
        return id
    text = id[len(_PREFIX) :]
    try:
        original = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if urlsafe_b64encode(original).rstrip(b"=").decode() == text:
            return original.decode("utf-8", "surrogatepass")
    except ValueError:
        pass
    return id


def fit_name(name: str, longest: int) -> str:
    """The name in `longest` characters of `[a-zA-Z0-9_-]`; always the same for the same name."""
    if len(name) <= longest and _PLAIN.fullmatch(name):
        return name
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_OTHER.sub('_', name)[: longest - 9]}_{digest}"


class Naming:
    """The words of one request on their way there and back.

    client → upstream: `request`; upstream → client: `event` or `response`.
    """

    def __init__(
        self, request: Request, *, client: str, upstream: str, recall: Recall = NOTHING
    ) -> None:
        """`client` and `upstream` are protocols."""
        self._recall = recall
        self._kind = f"fitted for {upstream}"
        self._out = fit_id if upstream == "anthropic" else restore_id
        self._back = fit_id if client == "anthropic" else restore_id
        self._longest = LONGEST_NAME.get(upstream, 64)
        own = {tool.name for tool in request.tools if isinstance(tool, Tool)}
        fitted = {self._fit(name): name for name in own}
        # A tool that is really called so is not another one's short name.
        self._long = {short: name for short, name in fitted.items() if short not in own}

    def request(self, request: Request) -> Request:
        """With the upstream's words: tools, the choice of one, and calls in the conversation."""
        messages = changed(request.messages, self._message)
        tools = changed(request.tools, self._tool)
        choice = request.tool_choice
        if choice is not None and choice.name is not None:
            choice = replace(choice, name=self._fit(choice.name))
        if (
            messages is request.messages
            and tools is request.tools
            and choice == request.tool_choice
        ):
            return request
        return replace(request, messages=messages, tools=tools, tool_choice=choice)

    def event(self, event: Event) -> Event:
        """With the client's words."""
        if not isinstance(event, BlockStarted) or event.kind != "tool_call":
            return event
        # A call that came without an id stays so: the encoder makes one.
        id = self._back(event.id) if event.id else event.id
        name = None if event.name is None else self._long.get(event.name, event.name)
        same = id == event.id and name == event.name
        return event if same else replace(event, id=id, name=name)

    def response(self, response: Response) -> Response:
        """With the client's words."""
        content = changed(response.content, self._answered)
        return response if content is response.content else replace(response, content=content)

    def _fit(self, name: str) -> str:
        return fit_name(name, self._longest)

    def _message(self, message: Message) -> Message:
        known: Message | None = self._recall.find(self._kind, message)
        if known is not None:
            return known
        content = changed(message.content, self._sent)
        fitted = message if content is message.content else replace(message, content=content)
        self._recall.keep(self._kind, message, fitted)
        return fitted

    def _tool(self, tool: Tool | ServerTool) -> Tool | ServerTool:
        if not isinstance(tool, Tool):
            return tool
        name = self._fit(tool.name)
        return tool if name == tool.name else replace(tool, name=name)

    def _sent(self, block: Block) -> Block:
        match block:
            case ToolCall():
                return _renamed(block, self._out(block.id), self._fit(block.name))
            case ToolResult():
                id = self._out(block.call_id)
                return block if id == block.call_id else replace(block, call_id=id)
            case _:
                return block

    def _answered(self, block: Block) -> Block:
        if not isinstance(block, ToolCall):
            return block
        id = self._back(block.id) if block.id else ""
        return _renamed(block, id, self._long.get(block.name, block.name))


def _renamed(call: ToolCall, id: str, name: str) -> ToolCall:
    return call if id == call.id and name == call.name else replace(call, id=id, name=name)
