"""All that can be said of a channel on the command line, as one parameter of `add` and `edit`.

A new option is a field here, and a reader beside its type.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Any, get_type_hints

from msgspec import Struct

from axonhub_cli.cli.channel import capacity, failing, naming, network, options


class Flags(Struct, frozen=True, kw_only=True):
    """What was given; None: nothing was said. An empty text clears what is there."""

    type: options.Type = None
    base_url: options.BaseUrl = None
    protocol: options.ProtocolOption = None
    endpoint: options.Endpoint = None
    auth: options.Auth = None
    model: options.Model = None
    map: options.Map = None
    tag: options.Tag = None
    weight: options.Weight = None
    priority: options.Priority = None
    proxy: network.Proxy = None
    ca_file: network.CaFile = None
    connect_timeout: network.ConnectTimeout = None
    first_event_timeout: network.FirstEventTimeout = None
    idle_timeout: network.IdleTimeout = None
    timeout: network.TotalTimeout = None
    client_identity: network.ClientIdentity = None
    prefix: naming.Prefix = None
    trim_prefix: naming.TrimPrefix = None
    lower_case: naming.LowerCase = None
    hide_originals: naming.HideOriginals = None
    hide_aliases: naming.HideAliases = None
    when: naming.When = None
    rpm: capacity.Rpm = None
    tpm: capacity.Tpm = None
    concurrency: capacity.Concurrency = None
    queue: capacity.Queue = None
    queue_timeout: capacity.QueueTimeout = None
    retries: failing.Retries = None
    policy: failing.Policy = None
    buffered: failing.Buffered = None


_READERS: options.Readers = {
    **options.READERS,
    **network.READERS,
    **naming.READERS,
    **capacity.READERS,
    **failing.READERS,
}


def takes_flags(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each of the `Flags`, which it gets together, as `flags`."""
    hints = get_type_hints(command, include_extras=True)
    fields = get_type_hints(Flags, include_extras=True)

    @functools.wraps(command)
    def taking(**given: Any) -> None:
        flags = Flags(**{name: given.pop(name) for name in fields})
        command(flags=flags, **given)

    parameters: list[Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name == "flags":
            parameters += [
                Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=hint)
                for name, hint in fields.items()
            ]
        else:
            annotation = hints[parameter.name]
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=annotation))
    # Where Typer looks for what a command takes.
    taking.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    taking.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return taking


def read_changes(flags: Flags) -> dict[str, Any]:
    """The flags as values of the config file; None removes a value. Raises `UsageError`."""
    return {
        name: read(given)
        for flag, (name, read) in _READERS.items()
        if (given := getattr(flags, flag)) is not None
    }
