"""Sampling that the API takes: ranges, thinking (known-failures 17), and models that take none."""

from __future__ import annotations

import pytest

from axonhub_cli.ir.request import Reasoning, Sampling
from axonhub_cli.protocols.anthropic.fit.sampling import fit_sampling
from axonhub_cli.protocols.anthropic.losses import Losses

NOT_THINKING = Reasoning()
THINKING = Reasoning("enabled", budget=2000)


@pytest.mark.parametrize(
    ("given", "model", "reasoning", "expected", "losses"),
    [
        (Sampling(temperature=0.5), "claude-3-opus", NOT_THINKING, Sampling(temperature=0.5), []),
        (
            Sampling(temperature=1.7),
            "claude-3-opus",
            NOT_THINKING,
            Sampling(temperature=1.0),
            ["temperature"],
        ),
        (
            Sampling(temperature=-1, top_p=2),
            "deepseek-chat",
            NOT_THINKING,
            Sampling(temperature=0.0, top_p=1.0),
            ["temperature", "top_p"],
        ),
        (
            Sampling(temperature=0.5, top_p=0.5),
            "claude-sonnet-4-5",
            NOT_THINKING,
            Sampling(temperature=0.5),
            ["top_p"],
        ),
        (
            Sampling(temperature=0.5, top_p=0.5, top_k=3),
            "claude-3-opus",
            NOT_THINKING,
            Sampling(temperature=0.5, top_p=0.5, top_k=3),
            [],
        ),
        (
            Sampling(temperature=0.5, top_p=0.5, top_k=3),
            "claude-sonnet-4-5",
            THINKING,
            Sampling(),
            ["temperature", "top_k", "top_p"],
        ),
        (
            Sampling(temperature=1.0, top_p=0.97),
            "claude-sonnet-4-5",
            THINKING,
            Sampling(top_p=0.97),
            [],
        ),
        (
            Sampling(temperature=0.2, top_p=0.5, top_k=3),
            "claude-opus-4-7",
            NOT_THINKING,
            Sampling(),
            ["temperature", "top_p", "top_k"],
        ),
        (
            Sampling(seed=1, presence_penalty=0.1, frequency_penalty=0.1, max_tokens=5),
            "claude-3-opus",
            NOT_THINKING,
            Sampling(max_tokens=5),
            ["seed", "presence_penalty", "frequency_penalty"],
        ),
        (
            Sampling(stop=("END", " \n", "")),
            "claude-opus-5-5",
            NOT_THINKING,
            Sampling(stop=("END",)),
            ["stop"],
        ),
    ],
)
def test_sampling_is_made_fit(
    given: Sampling, model: str, reasoning: Reasoning, expected: Sampling, losses: list[str]
) -> None:
    met = Losses()
    assert fit_sampling(given, model=model, reasoning=reasoning, losses=met) == expected
    assert [loss.path for loss in met.all()] == losses
