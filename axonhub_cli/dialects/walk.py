"""Reading and rewriting bodies without changing what was given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache

from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json

Part = dict[str, Json]


def matches(model: str, globs: Iterable[str]) -> bool:
    """Does a glob fit the name, with or without the maker's before the slash?"""
    name = model.lower()
    short = name.rpartition("/")[2]
    return any(
        (found := _compile(glob)).match(name) is not None or found.match(short) is not None
        for glob in globs
    )


@lru_cache(maxsize=512)
def _compile(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.lower()))


def only(quirk: RequestQuirk, *globs: str) -> RequestQuirk:
    """The quirk, for models of these names."""

    def limited(body: Body, context: QuirkContext) -> Change:
        return quirk(body, context) if matches(context.model, globs) else (body, ())

    limited.__name__ = quirk.__name__
    return limited


def unless(quirk: RequestQuirk, *globs: str) -> RequestQuirk:
    """The quirk, for models of other names."""

    def limited(body: Body, context: QuirkContext) -> Change:
        return (body, ()) if matches(context.model, globs) else quirk(body, context)

    limited.__name__ = quirk.__name__
    return limited


def without(body: Body, *names: str) -> Body:
    """The body itself when it has none of them."""
    for name in names:  # every message of a conversation comes here: no generator, no set
        if name in body:
            return {name: value for name, value in body.items() if name not in names}
    return body


def drop(body: Body, reason: str, *names: str) -> Change:
    """The body without these fields, and a loss for each that had a value."""
    present = [name for name in names if name in body]
    if not present:
        return body, ()
    losses = tuple(Loss(name, reason) for name in present if body[name] is not None)
    return without(body, *present), losses


def drop_fields(reason: str, *names: str) -> RequestQuirk:
    """A quirk: the provider answers 400 to these fields, or gives them another meaning."""

    def drop_unsupported(body: Body, context: QuirkContext) -> Change:
        return drop(body, reason, *names)

    return drop_unsupported


def messages_of(body: Body) -> list[Json]:
    messages = body.get("messages")
    return messages if isinstance(messages, list) else []


def map_dicts(items: Json, change: Callable[[Part], Part]) -> Json:
    """The list with each object changed; the list itself when none was, or when it is no list."""
    if not isinstance(items, list):
        return items
    changed: list[Json] | None = None
    for at, item in enumerate(items):
        if not isinstance(item, dict) or (new := change(item)) is item:
            continue
        if changed is None:
            changed = items.copy()
        changed[at] = new
    return items if changed is None else changed


def map_field(body: Body, name: str, change: Callable[[Part], Part]) -> Body:
    """The body with each object of the list `name` changed."""
    items = body.get(name)
    changed = map_dicts(items, change)
    return body if changed is items else {**body, name: changed}


def map_messages(body: Body, change: Callable[[Part], Part]) -> Body:
    return map_field(body, "messages", change)


def tools_of(body: Body) -> list[Part]:
    tools = body.get("tools")
    return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []


def is_object(value: Json, kind: str) -> bool:
    """Is this an object of that `type`?"""
    return isinstance(value, dict) and value.get("type") == kind


def text_of(content: Json) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if is_object(part, "text")]
    return "\n".join(text for text in texts if isinstance(text, str))


def prepend_text(content: Json, text: str) -> Json:
    """Content with a text before it."""
    if isinstance(content, list):
        return [{"type": "text", "text": text}, *content]
    return text + content if isinstance(content, str) else text
