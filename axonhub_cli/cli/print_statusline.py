"""`axonhub statusline`: one line for Claude Code's status line, asked of the running daemon.

    $0.42 · opus-relay → claude-opus-5-5 · cache 93 % · 5h 38 % left · 97 requests left today

Claude Code runs it after each of its messages and gives it JSON on stdin; `session_id` there is the
id of the trace. It runs so often that what it imports is felt: no Typer, no HTTP library, no
database, and not even the configuration. Whatever goes wrong, it prints a line and exits 0.
"""

from __future__ import annotations

import sys

from axonhub_cli.daemon import local_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

SESSION_PATH = "/admin/api/session/"
_PATIENCE_S = 1.0
_LARGEST_INPUT = 1024 * 1024
_SEPARATOR = " · "
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def quick(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Run it if `argv` plainly is it; None: leave it to the full command line."""
    if not argv or argv[0] != "statusline" or "_AXONHUB_COMPLETE" in environ:
        return None
    if any(word not in ("--json",) for word in argv[1:]):
        return None
    write(line(environ, json="--json" in argv))
    return 0


def line(environ: Mapping[str, str], *, json: bool) -> str:
    """What there is to print."""
    given = read_input()
    told = _ask(environ, given)
    return _as_json(told) if json else show(told, given)


def write(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "replace").decode() + "\n")
    except OSError:  # nobody reads it
        return


def read_input() -> dict[str, Any]:
    """What Claude Code says on stdin; empty at a terminal, and where it is no JSON."""
    if sys.stdin is None or sys.stdin.isatty():
        return {}
    try:
        import json

        found = json.loads(sys.stdin.buffer.read(_LARGEST_INPUT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def show(told: Mapping[str, Any] | None, given: Mapping[str, Any]) -> str:
    """The line; `told` by the daemon, None where none runs."""
    if told is None:
        return "axonhub is not running (axonhub start)"
    session = told.get("session")
    if isinstance(session, dict):
        return _line(session, told.get("limits"))
    if told.get("traces_error"):
        return "axonhub cannot write its traces (axonhub status)"
    if not given.get("session_id"):
        return "axonhub runs"
    return "axonhub runs; nothing of this session has gone through it"


def _as_json(told: Mapping[str, Any] | None) -> str:
    """The figures as one object, for a status line of one's own."""
    import json

    known = told or {}
    figures = {"running": told is not None, "session": known.get("session")}
    return json.dumps(figures | {"limits": known.get("limits") or []})


def _ask(environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any] | None:
    running = local_call.read_state(local_call.state_file(environ))
    if running is None:
        return None
    name = str(given.get("session_id") or "")
    known = name if name and _SAFE.issuperset(name) else "-"
    return local_call.call(running, SESSION_PATH + known, _PATIENCE_S)


def _line(session: dict[str, Any], limits: Any) -> str:
    parts = [_cost(session.get("cost_usd"), session.get("unpriced"))]
    channel, model = session.get("channel"), session.get("model")
    if channel:
        parts.append(f"{channel} → {model}" if model else str(channel))
    sent = sum(session.get(name) or 0 for name in ("input", "cache_read", "cache_write"))
    if sent:
        parts.append(f"cache {100 * (session.get('cache_read') or 0) / sent:.0f} %")
    parts += [_left(limit) for limit in limits or [] if isinstance(limit, dict)]
    return _SEPARATOR.join(parts).translate(_CONTROLS)


def _cost(usd: float | None, unpriced: int | None) -> str:
    if usd is None:
        return "cost unknown" if unpriced else "$0"
    bound = "≥ " if unpriced else ""
    if usd == 0:
        return f"{bound}$0"
    if usd < 0.0001:
        return f"{bound}<$0.0001"
    return f"{bound}${usd:,.2f}" if usd >= 1 else f"{bound}${usd:.4f}"


_PERIODS = {
    "minute": "this minute",
    "hour": "this hour",
    "day": "today",
    "month": "this month",
}


def _left(limit: dict[str, Any]) -> str:
    """`5h 38 % left`, `97 requests left today`, `$1.20 left this month`."""
    if "amount" not in limit:
        return f"{limit['name']} {100 * limit['left']:.0f} % left"
    when = _PERIODS.get(limit["per"], "")
    amount = limit["amount"]
    shown = f"${amount:.2f}" if limit["name"] == "cost" else f"{amount:,.0f} {limit['name']}"
    return f"{shown} left {when}".rstrip()


# Names may hold anything; a status line obeys escape sequences.
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "�")
