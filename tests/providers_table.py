"""Writes `docs/providers.md` from the presets and their dialects."""

from __future__ import annotations

from pathlib import Path

from axonhub_cli.dialects import DIALECTS
from axonhub_cli.providers import PROVIDERS, Provider

TABLE = Path(__file__).parent.parent / "docs" / "providers.md"

_HEAD = """# Providers

Generated from `axonhub_cli/providers/` and `axonhub_cli/dialects/` by
`python -m tests.providers_table`; a test compares. `axonhub channel types` prints the same list.

A provider that speaks both protocols is asked in the one that the client speaks, unless
`--base-url` or `--protocol` says otherwise. *Tested*: its deviations have a documented or captured
case in the tests; `untested`: the entry is from the provider's documentation, and nobody has tried
it yet.

*Reasoning* is where an answer's reasoning is found. Images, PDFs and schemas that are not taken are
replaced by a text that says so, and listed among a request's losses. A single model may take less,
or more, than its provider's row says.
"""

_COLUMNS = (
    "type",
    "for",
    "protocol",
    "base URL",
    "token from",
    "reasoning",
    "images",
    "PDFs",
    "schemas",
    "tested",
)


def write_table() -> str:
    rows = [row for provider in PROVIDERS.values() for row in _rows(provider)]
    lines = [_COLUMNS, tuple("---" for _ in _COLUMNS), *rows]
    return _HEAD + "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _rows(provider: Provider) -> list[tuple[str, ...]]:
    protocols = list(provider.endpoints) or [provider.protocol]
    return [
        (
            f"`{provider.type}`" if at == 0 else "",
            provider.title if at == 0 else "",
            protocol,
            _code(provider.endpoints.get(protocol, "--base-url")),
            _token(provider) if at == 0 else "",
            *_abilities(provider, protocol),
            ("yes" if provider.tested else "untested") if at == 0 else "",
        )
        for at, protocol in enumerate(protocols)
    ]


def _abilities(provider: Provider, protocol: str) -> tuple[str, ...]:
    name = provider.dialects.get(protocol)
    if name is None:
        return ("blocks", "yes", "yes", "yes")
    dialect = DIALECTS[name]
    known = (dialect.images, dialect.documents, dialect.json_schema)
    return (dialect.reasoning, *("yes" if one else "no" for one in known))


def _token(provider: Provider) -> str:
    if provider.token_form == "none":
        return "no token"
    if provider.token_optional:
        return "none needed"
    if not provider.token_url:
        return "its operator"
    return _code(provider.token_url) if " " in provider.token_url else f"<{provider.token_url}>"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(write_table(), encoding="utf-8")
