"""Sampling within the API's limits, which depend on the model and on whether it thinks."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli.ir.request import Reasoning, Sampling
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import find_thinking, read_version

_UNKNOWN = ("seed", "presence_penalty", "frequency_penalty")


class _Knobs(Struct):
    temperature: float | None
    top_p: float | None
    top_k: int | None


def fit_sampling(
    sampling: Sampling, *, model: str, reasoning: Reasoning, losses: Losses
) -> Sampling:
    for name in _UNKNOWN:
        if getattr(sampling, name) is not None:
            losses.add(name, "has no counterpart in Anthropic Messages")
    knobs = _Knobs(sampling.temperature, sampling.top_p, sampling.top_k)
    _keep_in_range(knobs, losses)
    if find_thinking(model) == "adaptive_only":
        # "`temperature` is deprecated for this model" (Opus 4.7 and later).
        _drop(knobs, ("temperature", "top_p", "top_k"), f"{model} takes none", losses)
    elif reasoning.mode in ("enabled", "adaptive"):
        _fit_thinking(knobs, losses)
    version = read_version(model)
    if knobs.temperature is not None and version is not None and version >= (4, 1):
        _drop(knobs, ("top_p",), f"{model} takes temperature or top_p, not both", losses)
    stop = tuple([text for text in sampling.stop if text.strip()])
    if len(stop) != len(sampling.stop):
        losses.add("stop", "a stop sequence of white space is refused")
    return Sampling(
        max_tokens=sampling.max_tokens,
        temperature=knobs.temperature,
        top_p=knobs.top_p,
        top_k=knobs.top_k,
        stop=stop,
    )


def _keep_in_range(knobs: _Knobs, losses: Losses) -> None:
    for name in ("temperature", "top_p"):
        value = getattr(knobs, name)
        if value is None:
            continue
        within = min(max(value, 0.0), 1.0)
        if within != value:
            losses.add(name, f"{value:g} is out of Anthropic's range: {within:g} is sent")
            setattr(knobs, name, within)


def _fit_thinking(knobs: _Knobs, losses: Losses) -> None:
    """A thinking model takes temperature 1, top_p from 0.95 on, and no top_k."""
    if knobs.temperature == 1.0:
        knobs.temperature = None
    _drop(knobs, ("temperature", "top_k"), "not with thinking", losses)
    if knobs.top_p is not None and knobs.top_p < 0.95:
        _drop(knobs, ("top_p",), "below 0.95 not with thinking", losses)


def _drop(knobs: _Knobs, names: tuple[str, ...], reason: str, losses: Losses) -> None:
    for name in names:
        if getattr(knobs, name) is not None:
            losses.add(name, reason)
            setattr(knobs, name, None)
