from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Config, Server
from axonhub_cli.config.settings import (
    read_overrides,
    read_settings,
    read_value,
    require_setting,
)
from axonhub_cli.errors import ConfigError


def test_settings_have_dotted_names_and_entries_are_none() -> None:
    settings = read_settings(Config(server=Server(port=1)))
    assert settings["server.port"] == 1
    assert settings["server.trace.trace_header"] == "AH-Trace-Id"
    assert settings["secrets.backend"] == "keyring"
    assert not any(name.startswith(("channels", "profiles", "keys")) for name in settings)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("server.port", "9000", 9000),
        ("server.host", "0.0.0.0", "0.0.0.0"),
        ("server.trace.claude_code_trace_enabled", "off", False),
        ("server.trace.claude_code_trace_enabled", "True", True),
        ("server.allowed_hosts", "a, b,", ("a", "b")),
        ("server.tls_cert", "/c.pem", "/c.pem"),
    ],
)
def test_text_is_read_by_the_type_of_the_setting(name: str, text: str, value: object) -> None:
    assert read_value(name, text) == value


def test_a_wrong_text_is_told_with_the_settings_name() -> None:
    with pytest.raises(ConfigError, match=r"server\.port: 'x' is not a whole number"):
        read_value("server.port", "x")
    with pytest.raises(ConfigError, match=r"store_request_body: 'maybe' is neither true nor false"):
        read_value("server.trace.store_request_body", "maybe")


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'server.port'"):
        require_setting("server.prot")


def test_variables_override_settings_and_others_are_ignored() -> None:
    environ = {
        "AXONHUB_SERVER_PORT": "9000",
        "AXONHUB_SERVER_TRACE_CLAUDE_CODE_TRACE_ENABLED": "false",
        "AXONHUB_SECRETS_BACKEND": "file",
        "AXONHUB_SERVER_HOST": "",
        "AXONHUB_HOME": "/h",
        "AXONHUB_DEBUG": "1",
        "AXONHUB_SOMETHING": "1",
        "PATH": "/bin",
    }
    assert read_overrides(environ) == {
        "server.port": ("AXONHUB_SERVER_PORT", 9000),
        "server.trace.claude_code_trace_enabled": (
            "AXONHUB_SERVER_TRACE_CLAUDE_CODE_TRACE_ENABLED",
            False,
        ),
        "secrets.backend": ("AXONHUB_SECRETS_BACKEND", "file"),
    }


def test_a_wrong_variable_is_told_by_its_own_name() -> None:
    with pytest.raises(ConfigError, match=r"^AXONHUB_SERVER_PORT: 'x' is not a whole number$"):
        read_overrides({"AXONHUB_SERVER_PORT": "x"})
