"""`channel types`: the presets, and where each one's token comes from."""

from __future__ import annotations

from axonhub_cli.cli import output
from axonhub_cli.cli.channel.arguments import Json
from axonhub_cli.providers import PROVIDERS, Provider


def types(json: Json = False) -> None:
    """List the types that `channel add --type` takes."""
    if json:
        from axonhub_cli.routing.models import is_glob

        output.emit_json(
            [
                {
                    "type": provider.type,
                    "title": provider.title,
                    "protocols": list(provider.endpoints),
                    "base_url": next(iter(provider.endpoints.values()), None),
                    "endpoints": provider.endpoints,
                    "models": [m for m in provider.models if not is_glob(m)],
                    "token": provider.token_url or None,
                    "needs_token": provider.token_form != "none" and not provider.token_optional,
                    "tested": provider.tested,
                }
                for provider in PROVIDERS.values()
            ]
        )
        return
    output.table(
        ("type", "for", "protocols", "base URL", "token from"),
        [
            (
                provider.type,
                provider.title,
                ", ".join(provider.endpoints) or provider.protocol,
                ", ".join(provider.endpoints.values()) or "--base-url",
                _token_source(provider),
            )
            for provider in PROVIDERS.values()
        ],
        empty="",
    )


def _token_source(provider: Provider) -> str:
    if provider.token_form == "none" or provider.token_optional:
        return "no token" if provider.token_form == "none" else "no token, unless you set one there"
    return provider.token_url or "–"
