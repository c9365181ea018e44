import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from axonhub_cli.config.schema import Mapping
from tests.support import plays
from tests.support.cli import Cli
from tests.support.upstream import Upstream

TOKEN = "sk-ant-oat01-" + "x" * 20


def test_a_channel_is_added_tested_and_enabled(cli: Cli, upstream: Upstream) -> None:
    result = cli.ok(
        *("channel", "add", "--type", "claude-code", "--base-url", upstream.url, "--token-stdin"),
        stdin=f"  {TOKEN}\n",
    )
    assert "The terms of your Claude plan govern" in result.err
    assert "Channel claude-code works: claude-haiku-4-5 answered in" in result.err
    channel = cli.config().channel("claude-code")
    assert channel is not None and channel.enabled
    assert upstream.generations[0].header("authorization") == f"Bearer {TOKEN}"
    assert TOKEN in cli.secrets()
    assert TOKEN not in cli.home.paths.config_file.read_text()
    assert TOKEN not in result.err + result.out


def test_a_channel_that_fails_is_kept_disabled(cli: Cli, upstream: Upstream) -> None:
    upstream.script(plays.error(401, "authentication_error", "invalid bearer token"))
    said = cli.fails(
        *("channel", "add", "main", "--type", "anthropic", "--base-url", upstream.url),
        "--token-stdin",
        code=1,
        stdin=TOKEN,
    )
    assert "error: channel 'main' is kept, but disabled: " in said
    assert "invalid bearer token" in said
    assert "hint: `axonhub channel edit main --ask-token`" in said
    channel = cli.config().channel("main")
    assert channel is not None and not channel.enabled
    assert TOKEN not in said


def test_without_a_test_the_channel_is_enabled(cli: Cli) -> None:
    cli.add_channel("main")
    channel = cli.config().channel("main")
    assert channel is not None and channel.enabled


def test_the_embedded_provider_needs_no_token_and_no_network(cli: Cli) -> None:
    assert "Channel echo works" in cli.ok("channel", "add", "--type", "echo").err
    assert "takes no token" in cli.fails(
        "channel", "add", "e2", "--type", "echo", "--token-env", "TEST_TOKEN"
    )


def test_every_option_ends_in_the_file(cli: Cli) -> None:
    cli.ok(
        *("channel", "add", "main", "--type", "anthropic-compatible", "--no-test"),
        *("--base-url", "https://api.example.com/v1", "--protocol", "anthropic"),
        *("--auth", "x-api-key", "--model", "glm-4.6", "--model", "glm-*", "--tag", "a,b"),
        *("--map", "sonnet=glm-4.6", "--weight", "40", "--priority", "-1"),
        *("--endpoint", "anthropic=https://api.example.com/anthropic"),
        *("--proxy", "socks5://127.0.0.1:1080", "--token-env", "TEST_TOKEN"),
    )
    channel = cli.config().channel("main")
    assert channel is not None
    assert channel.base_url == "https://api.example.com/v1"
    assert channel.protocol == "anthropic"
    assert channel.auth == "x-api-key"
    assert channel.models == ("glm-4.6", "glm-*")
    assert channel.tags == ("a", "b")
    assert channel.mappings == (Mapping("sonnet", "glm-4.6"),)
    assert (channel.weight, channel.priority) == (40, -1)
    assert channel.endpoints == {"anthropic": "https://api.example.com/anthropic"}
    assert channel.proxy == "socks5://127.0.0.1:1080"
    assert channel.tokens == ("env:TEST_TOKEN",)


def test_a_command_for_the_token_is_kept_as_a_reference(cli: Cli, upstream: Upstream) -> None:
    cli.ok(
        *("channel", "add", "main", "--type", "anthropic", "--base-url", upstream.url),
        *("--token-command", "echo fromcommand"),
    )
    assert upstream.generations[0].header("x-api-key") == "fromcommand"
    channel = cli.config().channel("main")
    assert channel is not None and channel.tokens == ("command:echo fromcommand",)
    assert cli.secrets() == ""


def test_a_variable_that_is_not_set_is_told_and_fails_the_test(cli: Cli) -> None:
    said = cli.fails(
        "channel", "add", "main", "--type", "anthropic", "--token-env", "NOT_SET", code=1
    )
    assert "warning: the variable NOT_SET is not set here" in said
    assert "'NOT_SET' is not set" in said
    channel = cli.config().channel("main")
    assert channel is not None and not channel.enabled


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://gw.example.com/v1", "The token will be sent to https://gw.example.com.\n"),
        ("http://gw.example.com:8080", "sent to http://gw.example.com:8080, unencrypted.\n"),
        ("https://api.anthropic.com", None),
        ("http://127.0.0.1:8000", None),
        ("http://[::1]:8000", None),
        ("http://localhost:8000", None),
    ],
)
def test_a_foreign_address_is_named_as_the_tokens_destination(
    cli: Cli, url: str, said: str | None
) -> None:
    result = cli.ok(
        *("channel", "add", "main", "--type", "anthropic", "--base-url", url, "--no-test"),
        *("--token-env", "TEST_TOKEN"),
    )
    if said is None:
        assert "sent to" not in result.err
    else:
        assert said in result.err


def test_a_name_that_is_taken_is_refused_before_the_token_is_asked_for(cli: Cli) -> None:
    cli.add_channel("main")
    before = cli.secrets()
    cli.type_in(secret="other")
    said = cli.fails("channel", "add", "main", "--type", "anthropic")
    assert "there is a channel 'main' already" in said
    assert "hint: `axonhub channel edit main …`" in said
    assert cli.prompts == []
    assert cli.secrets() == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "--type is missing"),
        (
            ("--type", "claude-cod"),
            "'claude-cod': did you mean 'claude-code'?",
        ),
        (("--type", "anthropic-compatible"), "has no address of its own"),
        (("bad name", "--type", "echo"), "'bad name' is not a name"),
        (("--type", "anthropic"), "a token is needed, and stdin is no terminal"),
        (("--type", "anthropic", "--token-stdin"), "the token is empty"),
    ],
)
def test_a_wrong_command_line_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    message = cli.fails("channel", "add", *argv)
    assert said in message
    assert "hint: " in message or "is not a name" in message
    assert not cli.home.paths.config_file.exists()
    assert cli.secrets() == ""


def test_the_prompt_is_hidden_and_says_where_a_token_comes_from(cli: Cli) -> None:
    cli.type_in(secret=TOKEN)
    result = cli.ok("channel", "add", "--type", "claude-code", "--no-test")
    assert "To get a token: run `claude setup-token`." in result.err
    assert "`claude setup-token`" in cli.prompts[0] and "(hidden)" in cli.prompts[0]
    assert TOKEN in cli.secrets()


def test_nobody_is_asked_for_a_token_that_could_not_be_kept(cli: Cli) -> None:
    before = keyring.get_keyring()
    none: type[KeyringBackend] = NoKeyring
    keyring.set_keyring(none())
    try:
        cli.environ["AXONHUB_SECRETS_BACKEND"] = "keyring"
        cli.type_in(secret=TOKEN)
        said = cli.fails("channel", "add", "--type", "claude-code")
    finally:
        keyring.set_keyring(before)
    assert "no keyring is available here" in said
    assert cli.prompts == []


def test_who_asks_for_another_address_is_not_sent_to_the_vendor_for_a_token(cli: Cli) -> None:
    cli.type_in(secret=TOKEN)
    add = ("channel", "add", "--type", "anthropic", "--no-test")
    assert "To get a token: " not in cli.ok(*add, "a", "--base-url", "http://127.0.0.1:9").err
    cli.type_in(secret=TOKEN)
    assert "To get a token: " in cli.ok(*add, "b").err


def test_a_secret_goes_again_when_the_configuration_cannot_be_written(cli: Cli) -> None:
    cli.home.configure()
    folder = cli.home.paths.config_file.with_name("config.toml.bak")
    folder.mkdir()  # the backup cannot be written, so nothing is
    said = cli.fails(
        *("channel", "add", "main", "--type", "anthropic", "--token-stdin", "--no-test"),
        stdin=TOKEN,
    )
    assert "cannot write" in said
    assert TOKEN not in cli.secrets() + said
    assert cli.config().channels == ()


def test_a_channel_of_patterns_alone_is_tested_with_the_providers_first_model(
    cli: Cli, upstream: Upstream
) -> None:
    cli.ok(
        *("channel", "add", "main", "--type", "anthropic-compatible"),
        *("--base-url", upstream.url, "--token-env", "TEST_TOKEN"),
    )
    assert upstream.generations[0].json["model"] == "claude-scripted"


def test_a_token_is_never_taken_from_the_command_line(cli: Cli) -> None:
    said = cli.fails("channel", "add", "main", "--type", "anthropic", "--token", TOKEN)
    assert "seen by other users" in said
    assert TOKEN not in said
