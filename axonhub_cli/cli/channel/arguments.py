"""The arguments that nearly every verb of `channel` takes."""

from __future__ import annotations

from typing import Annotated

import typer

from axonhub_cli.cli.lookup import channel_names

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The channel.", autocompletion=channel_names)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
