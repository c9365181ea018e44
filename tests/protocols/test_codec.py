from __future__ import annotations

import base64
import binascii

import pytest

from axonhub_cli.protocols.codec import UNSIGNED, Encoded


def test_the_placeholder_of_a_signature_cannot_be_a_real_one() -> None:
    # Real ones are base64; this has a character that base64 has not.
    with pytest.raises(binascii.Error):
        base64.b64decode(UNSIGNED, validate=True)


def test_a_body_without_losses_says_so() -> None:
    assert Encoded({}).losses == ()
