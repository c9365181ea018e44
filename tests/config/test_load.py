from __future__ import annotations

import subprocess
import sys

import pytest

from axonhub_cli.config.load import load, parse
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Config
from axonhub_cli.errors import ConfigError

CHANNEL = """\
[[channels]]
name = "a"
type = "echo"
"""


def fault(text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, source="config.toml", environ=environ)
    return caught.value.message


def test_a_missing_file_means_the_defaults(paths: Paths) -> None:
    assert load(paths, {}) == Config()


def test_the_example_of_the_contract_is_read() -> None:
    config = parse(
        """
        [server]
        host = "127.0.0.1"
        port = 8090
        llm_request_timeout = "600s"

        [server.trace]
        claude_code_trace_enabled = true
        codex_trace_enabled = true
        thread_header = "AH-Thread-Id"
        trace_header = "AH-Trace-Id"
        extra_trace_headers = []

        [[channels]]
        name = "claude-code"
        type = "claude-code"
        enabled = true
        models = ["claude-haiku-4-5", "claude-*"]
        tokens = ["keyring:channel/claude-code/1"]
        weight = 100
        tags = []

        [[profiles]]
        name = "cheap"
        mappings = [
          { from = "claude-sonnet-4-5", to = "deepseek-reasoner" },
          { from = "claude-haiku-.*", to = "deepseek-chat" },
        ]
        """,
        source="",
        environ={},
    )
    assert config.channels[0].models == ("claude-haiku-4-5", "claude-*")
    assert config.profiles[0].mappings[1].source == "claude-haiku-.*"


def test_a_byte_order_mark_is_no_fault(paths: Paths) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_bytes(b"\xef\xbb\xbf[server]\r\nport = 7\r\n")
    assert load(paths, {}).server.port == 7


def test_what_is_no_text_or_no_file_is_told(paths: Paths) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(paths, {})
    paths.config_file.unlink()
    paths.config_file.mkdir()
    with pytest.raises(ConfigError, match=r"cannot read .*config\.toml"):
        load(paths, {})


def test_an_unknown_key_is_told_with_line_path_and_nearest_name() -> None:
    assert fault(CHANNEL + CHANNEL.replace('"a"', '"b"') + "wieght = 1\n") == (
        "config.toml, line 7: channels[1].wieght: unknown key 'wieght': did you mean 'weight'?"
    )
    assert fault("[servr]\n") == (
        "config.toml, line 1: servr: unknown key 'servr': did you mean 'server'?"
    )
    assert fault(CHANNEL + 'mappings = [{ form = "a", to = "b" }]') == (
        "config.toml, line 4: channels[0].mappings[0].form: unknown key 'form': "
        "did you mean 'from'?"
    )


def test_a_wrong_type_is_told_in_plain_words() -> None:
    assert fault('[server]\nport = "80"\n') == (
        "config.toml, line 2: server.port: must be a whole number, not a string"
    )
    assert fault("[server]\nidle_timeout = 5\n") == (
        "config.toml, line 2: server.idle_timeout: must be a string, not a whole number"
    )
    assert fault(CHANNEL + "base_url = 5\n") == (
        "config.toml, line 4: channels[0].base_url: must be a string, not a whole number"
    )
    assert fault("[channels]\n") == "config.toml, line 1: channels: must be a list, not a table"


def test_a_missing_key_is_told_with_its_table() -> None:
    assert fault('\n[[channels]]\nname = "a"\n') == (
        "config.toml, line 2: channels[0]: 'type' is missing"
    )


def test_a_wrong_choice_is_told() -> None:
    assert fault('[secrets]\nbackend = "disk"\n') == (
        "config.toml, line 2: secrets.backend: unknown value 'disk': known are file, keyring"
    )
    assert fault(CHANNEL + 'auth = "baerer"\n') == (
        "config.toml, line 4: channels[0].auth: unknown value 'baerer': did you mean 'bearer'?"
    )


def test_a_broken_rule_is_told_with_its_line() -> None:
    assert fault(CHANNEL + "weight = 300\n") == (
        "config.toml, line 4: channels[0].weight: 300 is not between 0 and 100"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = \n", 1), ("\nport = 1 2\n", 2), ('\n\na = "', 3), ("a = 1\na = 2", 2), ("[a\n", 1)],
)
def test_a_syntax_error_is_told_with_its_line(text: str, line: int) -> None:
    assert fault(text).startswith(f"config.toml, line {line}: not valid TOML: ")


def test_a_text_that_is_in_no_file_has_no_place() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(CHANNEL + "weight = 300\n", source="", environ={})
    assert caught.value.message == "channels[0].weight: 300 is not between 0 and 100"
    assert caught.value.hint is None


def test_a_variable_wins_over_the_file() -> None:
    environ = {"AXONHUB_SERVER_PORT": "9000", "AXONHUB_SERVER_ALLOWED_HOSTS": "a,b"}
    config = parse("[server]\nport = 1\n", source="", environ=environ)
    assert (config.server.port, config.server.allowed_hosts) == (9000, ("a", "b"))


def test_a_wrong_variable_is_blamed_instead_of_the_file() -> None:
    assert fault("", AXONHUB_SERVER_PORT="x") == "AXONHUB_SERVER_PORT: 'x' is not a whole number"
    assert fault("", AXONHUB_SERVER_PORT="70000") == (
        "AXONHUB_SERVER_PORT: 70000 is not between 0 and 65535"
    )
    assert fault("", AXONHUB_SECRETS_BACKEND="disk").startswith("AXONHUB_SECRETS_BACKEND: ")
    assert "server: must be a table" in fault("server = 1", AXONHUB_SERVER_PORT="1")


def test_reading_a_configuration_loads_nothing_heavy() -> None:
    script = (
        "import sys; from axonhub_cli.config.load import parse; "
        "parse('[[channels]]\\nname=\"a\"\\ntype=\"echo\"', source='', environ={}); "
        "heavy = {'tomlkit', 'tomli_w', 'keyring', 'platformdirs', 'subprocess', 'difflib', "
        "'asyncio', 'logging'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
