"""The entry point: what runs at every shell start goes a short way, all else to the full CLI."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; returns the exit code."""
    argv = sys.argv[1:]
    if sys.stdout is None or sys.stderr is None:  # closed by the caller: `axonhub … >&-`
        return _run(argv)
    if argv == ["--version"]:
        from contextlib import suppress

        from axonhub_cli import __version__

        with suppress(OSError):  # a reader that left: the full way knows what to do
            sys.stdout.write(f"axonhub {__version__}\n")
            sys.stdout.flush()
            return 0
    if argv[:1] == ["statusline"]:
        import os

        from axonhub_cli.cli import print_statusline

        code = print_statusline.quick(argv, os.environ)
        if code is not None:
            return code
    if "env" in argv[:3]:
        import os

        from axonhub_cli.cli.print_env import quick

        code = quick(argv, os.environ)
        if code is not None:
            return code
    return _run(argv)


def _run(argv: list[str]) -> int:
    from axonhub_cli.cli.main import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
