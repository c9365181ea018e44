"""A whole answer of Chat Completions to the hub and back
(platform.openai.com/docs/api-reference/chat/object, read 2026-11).

Of several choices the first one counts. What stands beside an answer's text and means nothing to
another protocol (`logprobs`, `annotations`, `audio`) stays in `extra`; streams do not carry it.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.ir import freeform
from axonhub_cli.ir.collect import stop_of
from axonhub_cli.ir.request import (
    Block,
    Extra,
    Image,
    Media,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from axonhub_cli.ir.response import Response, Stop, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import ReplyContext
from axonhub_cli.protocols.openai_chat import reasoning
from axonhub_cli.protocols.openai_chat.citations import annotations_of
from axonhub_cli.protocols.openai_chat.errors import is_error, read_message
from axonhub_cli.protocols.openai_chat.names import (
    BROKEN,
    NAME,
    finish_reason_for,
    stop_for,
    tier_for,
)
from axonhub_cli.protocols.openai_chat.parts import encode_image, read_data_url
from axonhub_cli.protocols.openai_chat.parts_encoder import join_texts
from axonhub_cli.protocols.openai_chat.stream import choices, finish_reason
from axonhub_cli.protocols.openai_chat.usage import counts_something, decode_usage, encode_usage
from axonhub_cli.protocols.read import as_dict, as_list, as_str

Object = dict[str, Json]

OWN_MEMBERS = ("system_fingerprint", "provider", "citations", "search_results")
"""Members of an answer and of each chunk that are kept for a client of the same protocol."""
_BESIDE = ("annotations", "audio")


def decode_response(body: Json) -> Response:
    """Tolerant. Raises `UpstreamGarbled` for what holds no answer, an error object among it."""
    if is_error(body):
        raise UpstreamGarbled(f"it answered 200 with an error: {read_message(body)}")
    found = choices(body)
    if not found:
        raise UpstreamGarbled("it answered with JSON that has no choices")
    choice = found[0]
    reason = finish_reason(choice)
    if reason in BROKEN:
        raise UpstreamGarbled(f"its answer broke off: finish_reason {reason!r}")
    message = as_dict(choice.get("message"))
    content = _content(message, choice)
    stop = read_stop(choice)
    if message.get("refusal") and not any(isinstance(block, ToolCall) for block in content):
        stop = Stop("refusal")
    return Response(
        id=as_str(body.get("id")) or None,
        model=as_str(body.get("model")) or None,
        content=content,
        stop=stop,
        usage=read_usage(body, choice),
        service_tier=as_str(body.get("service_tier")) or None,
        extra=read_extra(body) | _beside(message, choice),
    )


def encode_response(response: Response, context: ReplyContext) -> Json:
    """Carries the model's name that the client asked for."""
    content = response.content
    text = join_texts(
        [(at, block.text) for at, block in enumerate(content) if isinstance(block, Text)]
    )
    calls = [block for block in content if isinstance(block, ToolCall)]
    message: Object = {"role": "assistant", "content": text, "refusal": None}
    if calls:
        message["content"] = text or None
        message["tool_calls"] = [
            _encode_call(call, call_id(context, number), context)
            for number, call in enumerate(calls)
        ]
    _add_reasoning(message, content)
    annotations = annotations_of(content)
    images = [image for block in content if (image := encode_answer_image(block)) is not None]
    if images:
        message["images"] = images
    message |= {name: response.extra[name] for name in _BESIDE if name in response.extra}
    if annotations:
        message["annotations"] = annotations
    choice: Object = {
        "index": 0,
        "message": message,
        "logprobs": response.extra.get("logprobs"),
        "finish_reason": finish_reason_for(stop_of(content, response.stop)),
    }
    body: Object = {
        "id": response.id or context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [choice],
    }
    usage, tier = encode_usage(response.usage), tier_for(response.service_tier)
    if usage is not None:
        body["usage"] = usage
    if tier is not None:
        body["service_tier"] = tier
    return body | {n: response.extra[n] for n in OWN_MEMBERS if n in response.extra}


def read_stop(choice: Object) -> Stop:
    """`end` where no reason is given: a call makes it `tool_use` for the client."""
    sequence = choice.get("stop_reason") or choice.get("matched_stop")
    return stop_for(finish_reason(choice) or "stop", sequence)


def read_usage(body: Object, choice: Object) -> Usage:
    """Beside the choices, or where Moonshot and Groq put it in a stream."""
    return decode_usage(find_usage(body, choice))


def find_usage(body: Object, choice: Object) -> Json:
    """The same as it was told; None where it is not, or is nothing but zeros."""
    for usage in (body.get("usage"), choice.get("usage"), as_dict(body.get("x_groq")).get("usage")):
        if usage and counts_something(usage):
            return usage
    return None


def read_extra(body: Object) -> Extra:
    return {name: body[name] for name in OWN_MEMBERS if body.get(name) is not None}


def read_images(message: Object) -> list[Block]:
    """Images that a model made, as OpenRouter gives them: beside the text, in a message or a delta
    (openrouter.ai/docs, "Image Generation", read 2026-11). Odd ones are kept whole."""
    found: list[Block] = []
    for part in as_list(message.get("images")):
        shown = as_dict(as_dict(part).get("image_url"))
        url = as_str(shown.get("url"))
        media = read_data_url(url) or Media(url=url)
        found.append(Image(media) if url else Opaque(NAME, "image", part))
    return found


def encode_answer_image(block: Block) -> Json:
    """What `read_images` read, as it was; None for any other block."""
    if isinstance(block, Image):
        return encode_image(block)
    if isinstance(block, Opaque) and (block.protocol, block.kind) == (NAME, "image"):
        return block.data
    return None


def call_id(context: ReplyContext, number: int) -> str:
    """For a call whose server gave none: clients tell results apart by it."""
    return f"call_{context.id}_{number}"


def text_of(content: Json) -> str:
    """Content as text: a string, or the text of its parts."""
    if isinstance(content, str):
        return content
    parts = [part for part in as_list(content) if isinstance(part, dict)]
    return "".join([as_str(part.get("text")) for part in parts if part.get("type") != "thinking"])


def arguments_of(value: Json) -> str:
    """Arguments as JSON text; some servers give the object itself."""
    if isinstance(value, dict):
        return jsonio.encode(value).decode()
    return as_str(value)


def _content(message: Object, choice: Object) -> tuple[Block, ...]:
    blocks: list[Block] = [*reasoning.read_blocks(message)]
    text = text_of(message.get("content")) + as_str(message.get("refusal"))
    text = text or as_str(choice.get("text"))
    if text:
        blocks.append(Text(text))
    blocks += read_images(message)
    calls = [call for call in as_list(message.get("tool_calls")) if isinstance(call, dict)]
    legacy = message.get("function_call")
    if not calls and isinstance(legacy, dict):
        calls = [{"function": legacy}]
    blocks += [block for call in calls if (block := _call(call)) is not None]
    return tuple(blocks)


def _call(call: Object) -> ToolCall | None:
    custom = call.get("custom")
    if isinstance(custom, dict):
        name = as_str(custom.get("name"))
        arguments = freeform.wrap(as_str(custom.get("input")))
    else:
        function = as_dict(call.get("function"))
        name, arguments = as_str(function.get("name")), arguments_of(function.get("arguments"))
    id_ = as_str(call.get("id"))
    if not name and not arguments and not id_:
        return None
    return ToolCall(id_, name, arguments)


def _beside(message: Object, choice: Object) -> Extra:
    found = {name: message[name] for name in _BESIDE if message.get(name)}
    if choice.get("logprobs"):
        found["logprobs"] = choice["logprobs"]
    return found


def _encode_call(call: ToolCall, default_id: str, context: ReplyContext) -> Object:
    if call.name in context.freeform:
        custom = {"name": call.name, "input": freeform.unwrap(call.arguments)}
        return {"id": call.id or default_id, "type": "custom", "custom": custom}
    return {
        "id": call.id or default_id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments or "{}"},
    }


def _add_reasoning(message: Object, content: tuple[Block, ...]) -> None:
    blocks = [block for block in content if isinstance(block, Thinking | RedactedThinking)]
    text = "\n\n".join([b.text for b in blocks if isinstance(b, Thinking) and b.text])
    if text:
        message["reasoning_content"] = text
    if any(reasoning.is_sealed(block) for block in blocks):
        message["reasoning_details"] = [reasoning.detail_of(block) for block in blocks]
