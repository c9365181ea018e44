from __future__ import annotations

from axonhub_cli.ir.reasoning import without_foreign_signatures, without_signatures
from axonhub_cli.ir.request import (
    Message,
    RedactedThinking,
    Request,
    Text,
    Thinking,
    ToolCall,
)

CALL = ToolCall("id", "Bash", "{}")


def ask(*messages: Message) -> Request:
    return Request(protocol="anthropic", model="m", messages=messages)


def is_foreign(signature: str) -> bool:
    return signature.startswith("theirs")


def test_reasoning_of_the_same_provider_stays_as_it_is() -> None:
    request = ask(
        Message("assistant", (Thinking("hm", "ours"), RedactedThinking("ours too"), CALL))
    )
    kept, losses = without_foreign_signatures(request, is_foreign)
    assert kept is request
    assert losses == ()


def test_foreign_reasoning_keeps_its_words_and_loses_its_signature() -> None:
    ours = Message("assistant", (Thinking("hm", "ours"), CALL))
    request = ask(
        Message("user", (Text("go"),)),
        Message("assistant", (Thinking("hm", "theirs"), RedactedThinking("theirs 2"), CALL)),
        ours,
    )
    kept, losses = without_foreign_signatures(request, is_foreign)
    assert kept.messages[0] is request.messages[0]
    assert kept.messages[1].content == (Thinking("hm"), CALL)
    assert kept.messages[2] is ours
    assert len(losses) == 1


def test_a_message_of_encrypted_reasoning_only_goes() -> None:
    request = ask(Message("user", (Text("go"),)), Message("assistant", (RedactedThinking("x"),)))
    kept, losses = without_signatures(request)
    assert kept.messages == request.messages[:1]
    assert losses


def test_unsigned_reasoning_is_nobodys() -> None:
    request = ask(Message("assistant", (Thinking("hm"), Thinking("hm", ""), CALL)))
    assert without_signatures(request)[0] is request
