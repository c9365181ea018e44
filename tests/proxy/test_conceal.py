"""A credential of ours never comes back from an upstream that repeats it."""

from __future__ import annotations

import pytest

from axonhub_cli.proxy.conceal import Conceal

TOKEN = b"sk-ant-api03-" + b"x" * 8


@pytest.mark.parametrize(
    "sent", [(b"x-api-key", TOKEN), (b"authorization", b"Bearer " + TOKEN), (b"api-key", TOKEN)]
)
def test_the_credential_of_the_call_is_hidden_in_bytes_and_headers(
    sent: tuple[bytes, bytes],
) -> None:
    conceal = Conceal([(b"x-app", b"cli"), sent])
    assert conceal.bytes(b"bad key " + TOKEN + b", really " + TOKEN) == b"bad key ***, really ***"
    assert conceal.headers([(b"x-a", b"k=" + TOKEN), (b"x-b", b"2")]) == [
        (b"x-a", b"k=***"),
        (b"x-b", b"2"),
    ]


def test_what_holds_none_stays_the_same_object() -> None:
    data = b"event: ping\n\n"
    assert Conceal([(b"x-api-key", TOKEN)]).bytes(data) is data
    assert Conceal([]).bytes(data) is data


def test_a_word_for_a_key_is_not_hidden() -> None:
    assert Conceal([(b"x-api-key", b"ollama")]).bytes(b"ollama runs") == b"ollama runs"
