"""URLs without their passwords."""

from __future__ import annotations

import pytest

from axonhub_cli.config.userinfo import hide_userinfo


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://u:p@proxy:1", "http://***@proxy:1"),
        ("http://u:p@ss@proxy:1/@", "http://***@proxy:1/@"),
        ("http://proxy:1", "http://proxy:1"),
        ("http://proxy:1/a@b?c=//d@e", "http://proxy:1/a@b?c=//***@e"),
        ("no way to socks5://u:p@a:1, nor //v@b:2", "no way to socks5://***@a:1, nor //***@b:2"),
        ("mail to a@b", "mail to a@b"),
        ("", ""),
    ],
)
def test_users_and_passwords_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hide_userinfo(text) == shown
