"""What Anthropic charges for where it is not what the totals count: other models, and refusals.

    "iterations": [{"type": "message", "model": "claude-fable-5", "output_tokens": 0, …},
                   {"type": "fallback_message", "model": "claude-opus-4-8", …}]

Each run is paid for at the prices of its own model: an advisor's (platform.claude.com/docs,
"Advisor tool"), and with fallbacks that of each model that had begun to answer ("Refusals and
fallback", Billing and rate limits). A refusal before any output costs nothing, but in some
categories; of those that another model made good the category is not told (all read 2026-11).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli.ir.response import Run, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.usage import counts_of
from axonhub_cli.protocols.read import as_dict, as_list, as_str

NOTHING = Run(None, Usage(input=0, output=0))
"""Of a refusal that is not charged for."""
_FALLBACK = "fallback_message"
_OWN = ("compaction", "message", None)
_ANSWERING = ("message", _FALLBACK)
_OTHERS = ("advisor_message", _FALLBACK)
_CHARGED_CATEGORIES = ("bio", "frontier_llm", "reasoning_extraction")
"""Of refusals, as of September 2026."""


class Bill(Struct, frozen=True):
    """`runs` are empty where the totals say it all; `whole`: nothing else was done."""

    runs: tuple[Run, ...] = ()
    whole: bool = True


def read_bill(usage: Json, own: Usage) -> Bill:
    """By the last usage of an answer; `own` is all that was counted of the model that gave it."""
    listed = as_list(usage.get("iterations")) if isinstance(usage, dict) else []
    runs = [run for run in listed if isinstance(run, dict)]
    kinds = {run.get("type") for run in runs}
    if kinds.issubset(_OWN):
        return Bill()
    if _FALLBACK in kinds:
        made = [_read_run(run, own) for run in runs]
    else:
        others = [run for run in runs if run.get("type") not in _OWN]
        made = [Run(None, own), *(_read_run(run, own) for run in others)]
    known = tuple(run for run in made if run is not None)
    return Bill(known or (NOTHING,), len(known) == len(made))


def is_free_refusal(stop_reason: str | None, details: Json) -> bool:
    """Is a message that stopped so, without any content, not charged for?"""
    category = as_dict(details).get("category")
    return stop_reason == "refusal" and category not in _CHARGED_CATEGORIES


def _read_run(run: dict[str, Json], own: Usage) -> Run | None:
    """None: whether it is charged for, at which prices or for how much, is not told."""
    kind, model, counts = run.get("type"), as_str(run.get("model")) or None, counts_of(run)
    known = kind in _OWN or (kind in _OTHERS and model is not None)
    declined = kind in _ANSWERING and not counts.output
    if not known or declined or not counts.tells:
        return None
    if kind == _FALLBACK:
        # Searches are in the totals alone, which are this run's.
        counts = replace(counts, web_searches=own.web_searches, reasoning=own.reasoning)
    return Run(model, counts)
