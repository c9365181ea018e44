"""Tool calls while they stream in: which call a piece belongs to, and when a call can begin.

OpenAI gives each call an index and, in its first piece, id and name; the pieces after it have the
index alone. Others leave out the index (Gemini), give every call the index 0 with ids of their own
(older Gemini), repeat id and name in each piece, send a name late, or send no id at all: such a
call has none in the hub either, and gets one where it is encoded, which is unique there.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.ir.events import BlockEnded, BlockStarted, Event, ToolArgsDelta
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat.response import arguments_of
from axonhub_cli.protocols.read import as_dict, as_int, as_list, as_str

Object = dict[str, Json]


class _Call:
    __slots__ = ("custom", "ended", "id", "key", "name", "pieces")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.key = -1
        """Below zero until it began."""
        self.pieces: list[str] = []
        """Its arguments; those that came before it could begin are sent as one."""
        self.custom = False
        """A free-form call: its text is made the one argument."""
        self.ended = False

    @property
    def last(self) -> str:
        return self.pieces[-1] if self.pieces else ""


class Calls:
    """The calls of one stream, in the order they came."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._open: list[_Call] = []
        """Those that began and did not end."""
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def take(self, delta: Object, next_key: int, out: list[Event]) -> int:
        """Take in a delta's pieces; returns the key that is free next."""
        pieces = as_list(delta.get("tool_calls"))
        legacy = delta.get("function_call")
        if not pieces and isinstance(legacy, dict):
            pieces = [{"index": 0, "function": legacy}]
        for piece in pieces:
            if isinstance(piece, dict):
                next_key = self._piece(piece, next_key, out)
        return next_key

    def end_complete(self, out: list[Event]) -> None:
        """End the calls that nothing can follow, because their arguments are whole: what comes
        after them need not wait for the end of the answer then."""
        for call in [call for call in self._open if _is_whole(call.pieces)]:
            self._end(call, out)

    def end(self, next_key: int, out: list[Event]) -> None:
        """End every call; one that has waited for its name or id until now begins first."""
        for call in self._calls:
            if call.key < 0 and (call.name or call.id or call.pieces):
                next_key = self._begin(call, next_key, out)
        for call in [*self._open]:
            if call.custom:
                closing = '"}' if call.pieces else '{"input":""}'
                out.append(ToolArgsDelta(call.key, closing))
            self._end(call, out)

    def _end(self, call: _Call, out: list[Event]) -> None:
        call.ended = True
        self._open.remove(call)
        out.append(BlockEnded(call.key))

    def _piece(self, piece: Object, next_key: int, out: list[Event]) -> int:
        custom = piece.get("custom")
        function = as_dict(piece.get("function") if custom is None else custom)
        id_, name = as_str(piece.get("id")), as_str(function.get("name"))
        arguments = arguments_of(function.get("arguments"))
        call = self._find(as_int(piece.get("index")), id_, name, arguments)
        call.name = call.name or name
        if id_ and not call.id:
            call.id = id_
            self._by_id.setdefault(id_, call)
        if custom is not None:
            call.custom = True
            arguments = _as_argument(as_str(function.get("input")), first=not call.pieces)
        if arguments and not call.ended:
            call.pieces.append(arguments)
            if call.key >= 0:
                out.append(ToolArgsDelta(call.key, arguments))
        if call.key < 0 and call.name and (call.id or call.pieces):
            self.end_complete(out)
            return self._begin(call, next_key, out)
        return next_key

    def _find(self, index: int | None, id_: str, name: str, arguments: str) -> _Call:
        """By index, else by id, else the last one; a new one where that is another."""
        if index is not None:
            known = self._by_index.get(index)
            if known is None or _is_another(known, id_, name, arguments):
                known = self._by_index[index] = self._new()
            return known
        last = self._calls[-1] if self._calls else None
        if id_ and (last is None or last.id):
            return self._by_id.get(id_) or self._new()
        return self._new() if last is None or (name and last.name) else last

    def _new(self) -> _Call:
        call = _Call()
        self._calls.append(call)
        return call

    def _begin(self, call: _Call, next_key: int, out: list[Event]) -> int:
        call.key = next_key
        self._open.append(call)
        out.append(BlockStarted(next_key, "tool_call", id=call.id or None, name=call.name))
        if call.pieces:
            out.append(ToolArgsDelta(next_key, "".join(call.pieces)))
        return next_key + 1


def _is_another(known: _Call, id_: str, name: str, arguments: str) -> bool:
    """Does a piece with the index of a known call begin another one?

    A new id without a name is a server's that makes an id for each piece; a name that is repeated
    begins a call only where an object begins after one that is complete.
    """
    if not name:
        return False
    if id_ and known.id:
        return id_ != known.id
    begins = arguments.lstrip().startswith("{") and known.last.rstrip().endswith("}")
    return bool(known.name) and begins


def _is_whole(pieces: list[str]) -> bool:
    """Are they all of a JSON object?"""
    if not pieces or not pieces[-1].rstrip().endswith("}"):
        return False
    try:
        return isinstance(jsonio.decode("".join(pieces).encode("utf-8", "replace")), dict)
    except jsonio.InvalidJson:
        return False


def _as_argument(text: str, *, first: bool) -> str:
    """A piece of free-form text as a piece of `{"input": "…"}`, which its end closes."""
    piece = jsonio.encode(text).decode()[1:-1]
    return f'{{"input":"{piece}' if first and piece else piece
