"""Reasoning that goes to another provider than its issuer: its words may, its signature may not."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Block, Message, RedactedThinking, Request, Thinking

_LOSS = Loss("messages[*].content[*]", "encrypted reasoning goes only to who issued it")


def without_foreign_signatures(
    request: Request, is_foreign: Callable[[str], bool]
) -> tuple[Request, tuple[Loss, ...]]:
    """The request with foreign reasoning unsigned, and without what is encrypted altogether.

    The same request, where nothing is foreign. A message that was encrypted reasoning only goes.
    """
    messages: list[Message] = []
    lost = False
    for message in request.messages:
        fitted = [_fit(block, is_foreign) for block in message.content]
        if all(new is old for new, old in zip(fitted, message.content, strict=True)):
            messages.append(message)
            continue
        lost = True
        if content := tuple([block for block in fitted if block is not None]):
            messages.append(replace(message, content=content))
    return (replace(request, messages=tuple(messages)), (_LOSS,)) if lost else (request, ())


def without_signatures(request: Request) -> tuple[Request, tuple[Loss, ...]]:
    """The same for all reasoning, whoever issued it: for the repeat after a refusal."""
    return without_foreign_signatures(request, lambda signature: True)


def _fit(block: Block, is_foreign: Callable[[str], bool]) -> Block | None:
    if isinstance(block, Thinking) and block.signature and is_foreign(block.signature):
        return replace(block, signature=None)
    if isinstance(block, RedactedThinking) and is_foreign(block.data):
        return None
    return block
