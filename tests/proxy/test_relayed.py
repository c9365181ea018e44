"""The body of a relay: the client's own bytes, or what a provider's quirks make of them."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import ClientError
from tests.proxy.test_outgoing import NAMED, built, outgoing

ODD = b'{ "model" : "claude-x" , "max_tokens":1.0,"messages":[ ] }'


def test_nothing_to_change_is_the_very_body() -> None:
    assert built(ODD).body is ODD
    assert built(ODD, type_="anthropic-compatible").body is ODD


def test_two_edits_leave_the_rest_alone() -> None:
    changed = built(NAMED, type_="anthropic-compatible", model="glm-4.6").body
    assert changed == b'{"model":"glm-4.6" , "max_tokens":1.0,"messages":[]}'


def test_a_dialect_writes_its_providers_words() -> None:
    sent = outgoing(NAMED, type_="deepseek")
    assert b"metadata" not in sent.call.body
    assert [loss.path for loss in sent.losses] == ["metadata.user_id"]


def test_a_body_that_cannot_be_read_is_the_clients_fault() -> None:
    with pytest.raises(ClientError, match="not valid JSON"):
        built(b'{"model":"m","metadata":{"user_id":1},"\xff":1}', type_="anthropic-compatible")
