from __future__ import annotations

from axonhub_cli.daemon.options import Listen


def test_what_is_given_becomes_words_of_a_command_line() -> None:
    listen = Listen(host="::1", port=0, tls_cert="c.pem", log_level="debug")
    assert listen.arguments() == [
        *("--host=::1", "--port=0", "--tls-cert=c.pem", "--log-level=debug")
    ]
    assert Listen().arguments() == []
