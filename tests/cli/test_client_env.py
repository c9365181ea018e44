import pytest

from axonhub_cli.cli.client_env import (
    check_tool,
    claude_env,
    find_address,
    no_proxy,
    tool_env,
    tool_unset,
)
from axonhub_cli.config.load import load
from axonhub_cli.daemon.state import DaemonState, write_state
from axonhub_cli.errors import CommandFailed, ConfigError, SecretError, UsageError
from tests.support.health import healthy, listener, running
from tests.support.home import KEY, Home


def env_of(home: Home, *, key: str | None = None, **environ: str) -> dict[str, str]:
    return claude_env(home.paths, home.environ | environ, key=key).values


def url_of(home: Home, **environ: str) -> str:
    environment = home.environ | environ
    return find_address(home.paths, load(home.paths, environment), environment).url


def test_claude_gets_address_key_and_loopback_without_a_proxy(home: Home) -> None:
    home.configure()
    found = claude_env(home.paths, home.environ, key=None)
    assert found.values == {
        "ANTHROPIC_BASE_URL": "http://localhost:8090/anthropic",
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        "NO_PROXY": "localhost,127.0.0.1,::1",
    }
    assert found.unset == ("ANTHROPIC_API_KEY",)


def test_the_key_default_is_made_once(home: Home) -> None:
    first = env_of(home)["ANTHROPIC_AUTH_TOKEN"]
    assert first.startswith("ah-")
    assert len(first) == len("ah-") + 64
    assert env_of(home)["ANTHROPIC_AUTH_TOKEN"] == first


def test_a_named_key_is_used(home: Home) -> None:
    home.configure()
    assert env_of(home, key="default")["ANTHROPIC_AUTH_TOKEN"] == KEY


def test_an_unknown_key_is_refused(home: Home) -> None:
    home.configure()
    with pytest.raises(UsageError, match="other"):
        env_of(home, key="other")


def test_a_disabled_key_is_refused(home: Home) -> None:
    home.configure(key={"enabled": False})
    with pytest.raises(ConfigError, match="disabled"):
        env_of(home)


def test_without_any_keyring_there_is_a_clear_error(home: Home) -> None:
    del home.environ["AXONHUB_SECRETS_BACKEND"]
    home.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    done = home.axonhub("env", check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: no keyring is available here" in done.stderr
    assert "hint: " in done.stderr


def test_the_running_daemon_is_where_clients_go(home: Home) -> None:
    home.configure()
    with running(home.paths) as state:
        assert url_of(home) == state.url
        assert claude_env(home.paths, home.environ, key=None).hints == ()


def test_an_explicit_setting_beats_the_running_daemon(home: Home) -> None:
    home.configure()
    with running(home.paths):
        assert url_of(home, AXONHUB_SERVER_PORT="9000") == "http://localhost:9000"
        assert url_of(home, AXONHUB_SERVER_HOST="10.1.2.3") == "http://10.1.2.3:8090"


def test_an_explicit_setting_that_the_daemon_was_started_with_means_that_daemon(home: Home) -> None:
    home.configure()
    with running(home.paths, url="http://127.0.0.1:9000") as state:
        assert url_of(home, AXONHUB_SERVER_PORT=str(state.port)) == "http://127.0.0.1:9000"


def test_other_settings_of_the_server_do_not_name_an_address(home: Home) -> None:
    home.configure()
    with running(home.paths) as state:
        assert url_of(home, AXONHUB_SERVER_LOG_LEVEL="debug") == state.url


def test_a_stranger_on_the_recorded_port_gets_no_key(home: Home) -> None:
    home.configure(server={"port": 9123})
    with listener(healthy("another secret")) as port:
        write_state(
            home.paths,
            DaemonState(
                pid=1,
                url=f"http://localhost:{port}",
                host="127.0.0.1",
                port=port,
                version="0.1.0",
                started_at=0.0,
                secret="s3cret",
            ),
        )
        assert url_of(home) == "http://localhost:9123"


def test_without_a_daemon_the_configuration_counts_and_a_hint_says_so(home: Home) -> None:
    home.configure(server={"host": "0.0.0.0", "port": 9124})
    found = claude_env(home.paths, home.environ, key=None)
    assert found.values["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:9124/anthropic"
    assert "axonhub start" in found.hints[-1]


def test_a_port_that_is_picked_at_the_start_is_known_from_the_daemon_only(home: Home) -> None:
    home.configure(server={"port": 0})
    with pytest.raises(CommandFailed, match="no daemon is running"):
        url_of(home)
    with running(home.paths) as state:
        assert url_of(home) == state.url
        assert url_of(home, AXONHUB_SERVER_PORT="0") == state.url


def test_with_tls_the_certificate_is_named(home: Home) -> None:
    home.configure(server={"tls_cert": "certs/a.pem", "tls_key": "certs/a.key"})
    values = env_of(home)
    assert values["ANTHROPIC_BASE_URL"] == "https://localhost:8090/anthropic"
    assert values["NODE_EXTRA_CA_CERTS"] == str(home.paths.config_file.parent / "certs/a.pem")


def test_a_cloud_route_that_bypasses_axonhub_is_pointed_out(home: Home) -> None:
    home.configure()
    found = claude_env(home.paths, home.environ | {"CLAUDE_CODE_USE_BEDROCK": "1"}, key=None)
    assert any("CLAUDE_CODE_USE_BEDROCK" in hint for hint in found.hints)


OURS = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    ("environ", "result"),
    [
        ({}, {"NO_PROXY": OURS}),
        ({"NO_PROXY": ""}, {"NO_PROXY": OURS}),
        ({"NO_PROXY": "corp"}, {"NO_PROXY": f"corp,{OURS}", "no_proxy": f"corp,{OURS}"}),
        ({"no_proxy": "corp"}, {"NO_PROXY": f"corp,{OURS}", "no_proxy": f"corp,{OURS}"}),
        (
            {"NO_PROXY": "a, b  c", "no_proxy": "B,d,"},
            {"NO_PROXY": f"a,b,c,d,{OURS}", "no_proxy": f"a,b,c,d,{OURS}"},
        ),
        ({"NO_PROXY": OURS}, {"NO_PROXY": OURS, "no_proxy": OURS}),
        (
            {"NO_PROXY": "LOCALHOST,x"},
            {"NO_PROXY": "LOCALHOST,x,127.0.0.1,::1", "no_proxy": "LOCALHOST,x,127.0.0.1,::1"},
        ),
        ({"NO_PROXY": "*"}, {}),
        ({"NO_PROXY": "*", "no_proxy": "corp"}, {"no_proxy": f"corp,{OURS}"}),
        ({"no_proxy": "*.x"}, {"NO_PROXY": f"*.x,{OURS}", "no_proxy": f"*.x,{OURS}"}),
    ],
)
def test_loopback_is_added_to_what_is_not_proxied(
    environ: dict[str, str], result: dict[str, str]
) -> None:
    assert no_proxy(environ, "127.0.0.1") == result


def test_an_address_of_the_daemon_in_the_network_is_not_proxied_either() -> None:
    assert no_proxy({}, "192.168.1.5") == {"NO_PROXY": f"{OURS},192.168.1.5"}


def test_taking_it_back_leaves_a_foreign_proxy_list_alone() -> None:
    ours = ("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_GATEWAY_HINT_HEADERS")
    assert tool_unset("claude", {"NO_PROXY": f"corp,{OURS}"}).unset == ours
    assert tool_unset("claude", {"NO_PROXY": OURS}).unset == (*ours, "NO_PROXY")


@pytest.mark.parametrize("tool", ["codex", "gemini", "vim"])
def test_a_tool_that_cannot_work_is_refused_with_those_that_do(tool: str) -> None:
    check_tool("claude")
    with pytest.raises(UsageError, match=tool) as caught:
        check_tool(tool)
    assert "claude" in (caught.value.hint or "")


def test_the_key_is_not_in_the_repr(home: Home) -> None:
    home.configure()
    assert KEY not in repr(claude_env(home.paths, home.environ, key=None))


def test_a_key_known_by_its_hash_only_cannot_be_printed(home: Home) -> None:
    home.configure(key={"secret": "file:key/gone/1"})
    with pytest.raises(SecretError):
        env_of(home)


def test_openais_sdks_get_their_own_variables(home: Home) -> None:
    home.configure()
    found = tool_env("openai", home.paths, home.environ, key=None)
    assert found.values["OPENAI_BASE_URL"] == "http://localhost:8090/v1"
    assert found.values["OPENAI_API_KEY"] == KEY
    assert "ANTHROPIC_BASE_URL" not in found.values
    assert tool_unset("openai", {}).unset == ("OPENAI_BASE_URL", "OPENAI_API_KEY")
