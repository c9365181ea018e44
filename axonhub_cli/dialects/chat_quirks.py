"""Quirks of OpenAI-style endpoints: fields, roles, parts of messages, structured output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256

from axonhub_cli import jsonio
from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.dialects.request_quirks import CUT, cut_attribution, left_out
from axonhub_cli.dialects.walk import (
    Part,
    drop,
    is_object,
    map_dicts,
    map_field,
    map_messages,
    messages_of,
    prepend_text,
    text_of,
    without,
)
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json

SYSTEM = ("system", "developer")


def drop_attribution(body: Body, context: QuirkContext) -> Change:
    """Claude Code's attribution line opens the system prompt (known-failures 25)."""
    messages = messages_of(body)
    first: Json = messages[0] if messages else None
    if not isinstance(first, dict) or first.get("role") not in SYSTEM:
        return body, ()
    content = first.get("content")
    kept = cut_attribution(content)
    if kept is content:
        return body, ()
    head = [] if kept is None else [{**first, "content": kept}]
    return {**body, "messages": [*head, *messages[1:]]}, (CUT,)


def drop_identity(body: Body, context: QuirkContext) -> Change:
    """What a client told Anthropic of its user is for Anthropic only (issue 3, item 4)."""
    request = context.request
    if request is None or request.protocol != "anthropic":
        return body, ()
    body, lost = drop(body, "", "user", "safety_identifier", "metadata")
    reason = "who the user is, a client of Anthropic's tells Anthropic only"
    return body, (Loss("metadata.user_id", reason),) if lost else ()


def use_max_tokens(body: Body, context: QuirkContext) -> Change:
    """The endpoint knows only the older name."""
    return _renamed(body, "max_completion_tokens", "max_tokens"), ()


def use_max_completion_tokens(body: Body, context: QuirkContext) -> Change:
    """OpenAI's reasoning models answer 400 to `max_tokens` (API reference, read 2026-11)."""
    return _renamed(body, "max_tokens", "max_completion_tokens"), ()


def _renamed(body: Body, old: str, new: str) -> Body:
    value = body.get(old)
    rest = without(body, old)
    return rest if value is None or rest.get(new) is not None else {**rest, new: value}


def system_for_developer(body: Body, context: QuirkContext) -> Change:
    """`developer` is OpenAI's newer word for `system`, and a 400 or a user's turn elsewhere."""

    def rename(message: Part) -> Part:
        return {**message, "role": "system"} if message.get("role") == "developer" else message

    return map_messages(body, rename), ()


def one_system(body: Body, context: QuirkContext) -> Change:
    """Chat templates take one system message, as the first (`System message must be at the
    beginning`: vllm-project/vllm#41114, anthropics/claude-code#77698). Those that open it become
    one; a later one joins the user's turn at its place, so that the cached prefix stays."""
    messages = messages_of(body)
    first = next((at for at, m in enumerate(messages) if not _is_system(m)), len(messages))
    moved = any(_is_system(message) for message in messages[first:])
    if first <= 1 and not moved:
        return body, ()
    texts = [text for text in (text_of(m.get("content")) for m in messages[:first]) if text]
    head = [{"role": "system", "content": "\n\n".join(texts)}] if texts else []
    reason = "only the first message may be the system's here: sent as the user's"
    losses = (Loss("messages[*].role", reason),) if moved else ()
    return {**body, "messages": [*head, *_as_users(messages[first:])]}, losses


def _is_system(message: Json) -> bool:
    return isinstance(message, dict) and message.get("role") in SYSTEM


def _as_users(messages: list[Json]) -> list[Json]:
    """Roles must alternate in some templates too: such a text joins a user's message beside it."""
    turns: list[Json] = []
    ours = False
    for message in messages:
        last: Json = turns[-1] if turns else None
        beside = isinstance(last, dict) and last.get("role") == "user"
        if _is_system(message):
            text = text_of(message.get("content"))
            if not text:
                continue
            message = {"role": "user", "content": f"<system-reminder>\n{text}\n</system-reminder>"}
            if beside:
                turns[-1] = _joined(last, message)
                continue
            ours = True
        elif ours and beside and is_user(message):
            turns[-1] = {**message, **_joined(last, message)}
            ours = False
            continue
        else:
            ours = False
        turns.append(message)
    return turns


def is_user(message: Json) -> bool:
    return isinstance(message, dict) and message.get("role") == "user"


def _joined(one: Part, other: Part) -> Part:
    contents: list[Json] = [one.get("content"), other.get("content")]
    if all(isinstance(content, str) for content in contents):
        return {**one, "content": "\n\n".join(contents)}
    parts = [
        content if isinstance(content, list) else [{"type": "text", "text": text_of(content)}]
        for content in contents
    ]
    return {**one, "content": [*parts[0], *parts[1]]}


def flat_text(body: Body, context: QuirkContext) -> Change:
    """Content of text parts alone becomes one string: many engines take nothing else for system,
    assistant and tool messages (DeepSeek: `invalid type: sequence, expected a string`)."""

    def flatten(message: Part) -> Part:
        content = message.get("content")
        if not isinstance(content, list) or not all(is_object(part, "text") for part in content):
            return message
        return {**message, "content": text_of(content)}

    return map_messages(body, flatten), ()


def drop_names(body: Body, context: QuirkContext) -> Change:
    """`messages[].name` is a 400 (console.groq.com/docs/openai, read 2026-11)."""
    changed = map_messages(body, lambda message: without(message, "name"))
    lost = () if changed is body else (Loss("messages[*].name", "unknown here, an error"),)
    return changed, lost


def no_images(body: Body, context: QuirkContext) -> Change:
    """The model reads text only: a conversation goes on without its images."""
    return _replace_parts(body, context, "image_url", "image")


def no_files(body: Body, context: QuirkContext) -> Change:
    """The endpoint takes no PDFs."""
    return _replace_parts(body, context, "file", "document")


def inline_images_only(body: Body, context: QuirkContext) -> Change:
    """The engine does not fetch images (known-failures, Ollama: image URLs)."""
    return _replace_parts(body, context, "image_url", "image at a URL", keep=_is_inline)


def _is_inline(part: Part) -> bool:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return isinstance(url, str) and url.startswith("data:")


def _replace_parts(
    body: Body,
    context: QuirkContext,
    kind: str,
    what: str,
    *,
    keep: Callable[[Part], bool] = lambda part: False,
) -> Change:
    text = {"type": "text", "text": left_out(what, context.model)}

    def part(old: Part) -> Part:
        wanted = is_object(old, kind) and not keep(old)
        return text if wanted else old

    def message(old: Part) -> Part:
        content = old.get("content")
        changed = map_dicts(content, part)
        return old if changed is content else {**old, "content": changed}

    changed = map_messages(body, message)
    lost = () if changed is body else (Loss("messages[*].content[*]", text["text"][1:-1]),)
    return changed, lost


def schema_as_text(body: Body, context: QuirkContext) -> Change:
    """`json_schema` is a 400 where only `json_object` is known: the schema goes into the system
    prompt (axonhub-behaviour.md § 4.4: deepseek, moonshot, zhipu, zai, xiaomi)."""
    schema = _schema_of(body)
    if schema is None:
        return body, ()
    reason = "no schemas are enforced here: it is in the system prompt, the answer is any JSON"
    asked = {**body, "response_format": {"type": "json_object"}}
    return _told(asked, schema), (Loss("response_format.json_schema", reason),)


def format_as_text(body: Body, context: QuirkContext) -> Change:
    """No `response_format` at all (MiniMax documents none, read 2026-11)."""
    if not isinstance(body.get("response_format"), dict):
        return body, ()
    schema = _schema_of(body)
    rest, lost = drop(body, "not enforced here: the system prompt asks for it", "response_format")
    plain_text = is_object(body["response_format"], "text")
    return (rest, ()) if plain_text else (_told(rest, schema), lost)


def _schema_of(body: Body) -> Json:
    form: Json = body.get("response_format")
    if not is_object(form, "json_schema"):
        return None
    schema = form.get("json_schema")
    return schema.get("schema", {}) if isinstance(schema, dict) else {}


def _told(body: Body, schema: Json) -> Body:
    request = "Answer with a JSON object and nothing else."
    if schema:
        text = jsonio.encode(schema).decode()
        request = f"{request} It must match this JSON Schema:\n{text}"
    messages = messages_of(body)
    first: Json = messages[0] if messages else None
    if isinstance(first, dict) and first.get("role") in SYSTEM:
        content = first.get("content")
        # Behind what is there, so that the beginning stays the same for every request.
        longer = (
            [*content, {"type": "text", "text": request}]
            if isinstance(content, list)
            else prepend_text(f"\n\n{request}", text_of(content))
        )
        return {**body, "messages": [{**first, "content": longer}, *messages[1:]]}
    return {**body, "messages": [{"role": "system", "content": request}, *messages]}


def own_cache_key(body: Body, context: QuirkContext) -> Change:
    """Requests of one conversation reach one cache when they carry one key; a new key with every
    request would undo it (known-failures 26). A client's own key stays."""
    session = context.settings.session
    if not session or body.get("prompt_cache_key") is not None:
        return body, ()
    digest = sha256(session.encode("utf-8", "surrogatepass")).hexdigest()
    return {**body, "prompt_cache_key": f"axonhub-{digest[:32]}"}, ()


def seed_for_random_seed(body: Body, context: QuirkContext) -> Change:
    """Mistral's own name for `seed` (docs.mistral.ai/api, read 2026-11)."""
    return _renamed(body, "seed", "random_seed"), ()


def without_keywords(*names: str) -> RequestQuirk:
    """A quirk: the engine cannot make a grammar of a tool's schema with these keywords."""

    def plain_schemas(body: Body, context: QuirkContext) -> Change:
        found: set[str] = set()

        def tool(old: Part) -> Part:
            function: Json = old.get("function")
            schema = function.get("parameters") if isinstance(function, dict) else None
            plain = _pruned(schema, frozenset(names), found)
            return (
                old if plain is schema else {**old, "function": {**function, "parameters": plain}}
            )

        changed = map_field(body, "tools", tool)
        reason = "this engine cannot use it in a schema"
        return changed, tuple(Loss(f"tools[*].parameters.{n}", reason) for n in sorted(found))

    return plain_schemas


_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
_VALUES = frozenset({"enum", "const", "default", "examples"})


def _pruned(
    schema: Json, names: frozenset[str], found: set[str], *, is_map: bool = False, depth: int = 64
) -> Json:
    """The schema without these keywords; a property may well be called like one."""
    if not depth or not isinstance(schema, dict | list):
        return schema
    deeper = partial(_pruned, names=names, found=found, depth=depth - 1)
    if isinstance(schema, list):
        items = [deeper(item) for item in schema]
        return items if any(a is not b for a, b in zip(items, schema, strict=True)) else schema
    gone = frozenset() if is_map else names & schema.keys()
    found |= gone
    kept = {
        name: value
        if name in _VALUES and not is_map
        else deeper(value, is_map=name in _MAPS and not is_map)
        for name, value in schema.items()
        if name not in gone
    }
    same = not gone and all(kept[name] is schema[name] for name in kept)
    return schema if same else kept
