"""`axonhub demo`: the main job from end to end in a throw-away home, without token or network.

It runs the commands that a person would type, and sends one request as a client would: by HTTP,
with a key, through the daemon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from axonhub_cli import __version__, jsonio
from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.errors import CommandFailed
from axonhub_cli.jsonio import Json

if TYPE_CHECKING:
    from http.client import HTTPResponse

app = single()

MODEL = "claude-sonnet-4-5"
TRACE = "demo"

_PATIENCE_S = 30.0
_NEXT = (
    "All of it happened on this machine, and nothing of it is left. For real:",
    "",
    "  axonhub channel add --type claude-code   # asks for the token of `claude setup-token`",
    "  axonhub serve                            # or `axonhub start`, in the background",
    "  eval $(axonhub env)                      # in another shell",
    "  claude                                   # and `axonhub trace list` shows its session",
)


class Client(Struct, frozen=True):
    """A client of one protocol: what it asks, and how it reads the answer's stream."""

    path: str
    prompt: str
    text_of: Callable[[bytes], str]
    """The text in one event's data."""
    ends: Callable[[bytes], bool]
    """Is this the data of the stream's last event?"""


@app.command()
def demo(ctx: typer.Context) -> None:
    """Try everything once in a throw-away home: no token, no network, nothing left behind."""
    with throw_away_home(Session.of(ctx).environ) as environ:
        _play(environ)
    output.note("")
    for text in _NEXT:
        output.note(text)


@contextmanager
def throw_away_home(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a home that is gone afterwards, its daemon stopped, whatever happens.

    The person's own settings and secrets are out of reach in it. It needs no keyring.
    """
    from tempfile import TemporaryDirectory

    from axonhub_cli.config.paths import find_paths
    from axonhub_cli.daemon.background import stop

    others = {name: value for name, value in environ.items() if not name.startswith("AXONHUB_")}
    with TemporaryDirectory(prefix="axonhub-demo-") as folder:
        inside = others | {"AXONHUB_HOME": folder, "AXONHUB_SECRETS_BACKEND": "file"}
        try:
            yield inside
        finally:
            stop(find_paths(inside), _PATIENCE_S)


def _play(environ: dict[str, str]) -> None:
    _explain("A channel is an upstream. This one is inside axonhub and repeats what it is told.")
    _run(environ, "channel", "add", "--type", "echo")
    _explain("A mapping sends a model that clients ask for to another one.")
    _run(environ, "profile", "map", MODEL, "echo")
    _explain("The daemon, on a free port:")
    _run(environ, "start", "--port", "0")
    _explain(f"A client's request for {MODEL}, and its answer as it streams:")
    _ask(environ, ANTHROPIC)
    _explain("The same from an OpenAI client: converted there and back, for the channel speaks")
    output.note("Anthropic's protocol alone.")
    _ask(environ, CHAT)
    _explain("What went through is in the trace, also after the daemon has stopped:")
    _run(environ, "stop")
    _run(environ, "trace", "show", TRACE)


def _explain(text: str) -> None:
    output.note("")
    output.note(text)


def _run(environ: Mapping[str, str], *arguments: str) -> None:
    """Run one of our own commands, shown as a person would type it."""
    from axonhub_cli.cli.main import run

    command = " ".join(("axonhub", *arguments))
    output.note(f"$ {command}")
    code = run(arguments, environ)
    if code != 0:
        raise CommandFailed(f"the demo stopped: `{command}` ended with exit code {code}")


def _ask(environ: Mapping[str, str], client: Client) -> None:
    """Send one streamed request, print the answer. Raises `CommandFailed` when it is no answer."""
    from http.client import HTTPConnection, HTTPException

    from axonhub_cli.config.keys import ensure_key
    from axonhub_cli.config.paths import find_paths
    from axonhub_cli.config.store import ConfigStore
    from axonhub_cli.daemon.state import find_daemon

    paths = find_paths(environ)
    daemon = find_daemon(paths)
    if daemon is None:
        raise CommandFailed("the demo stopped: its daemon does not answer")
    key = ensure_key(ConfigStore(paths, environ), environ)
    headers = {
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "user-agent": f"axonhub/{__version__}",
        "ah-trace-id": TRACE,
    }
    request = {
        "model": MODEL,
        "max_tokens": 200,
        "stream": True,
        "messages": [{"role": "user", "content": client.prompt}],
    }
    output.note(f"POST {client.path}")
    output.note(f"> {client.prompt}")
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=_PATIENCE_S)
    try:
        connection.request("POST", client.path, jsonio.encode(request), headers)
        _print_answer(connection.getresponse(), client)
    except (OSError, HTTPException) as error:
        raise CommandFailed(f"the demo stopped: the request failed: {error}") from error
    finally:
        connection.close()


def _print_answer(response: HTTPResponse, client: Client) -> None:
    """Print the text of a streamed answer as it comes; it must end as the protocol wants it."""
    if response.status != 200:
        raise CommandFailed(
            f"the demo stopped: the daemon answered {response.status}: {response.read().decode()}"
        )
    ended = False
    for line in response:
        name, _, data = line.strip().partition(b":")
        if name != b"data":
            continue
        if client.ends(data):
            ended = True
        elif text := client.text_of(data):
            output.piece(text)
    output.line()
    if not ended:
        raise CommandFailed("the demo stopped: the answer ended too early")


def _anthropic_text(data: bytes) -> str:
    delta: Json = jsonio.decode(data).get("delta", {})
    return delta["text"] if delta.get("type") == "text_delta" else ""


def _chat_text(data: bytes) -> str:
    choices: Json = jsonio.decode(data)["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else ""


ANTHROPIC = Client(
    path="/anthropic/v1/messages",
    prompt="Hello from the demo!",
    text_of=_anthropic_text,
    ends=lambda data: b'"message_stop"' in data,
)
CHAT = Client(
    path="/v1/chat/completions",
    prompt="And hello in another protocol!",
    text_of=_chat_text,
    ends=lambda data: data.strip() == b"[DONE]",
)
