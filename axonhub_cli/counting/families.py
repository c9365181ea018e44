"""How each family of models counts: its vocabulary, and what its framing costs.

Claude's factors compare `cl100k_base` with an offline reconstruction of Claude's tokenizer that
agrees with recorded `count_tokens` answers (PyPI `ctok` 1.3.0), on 24 texts of 380 KB in all: code
in three languages, diffs, logs, listings, JSON, tool definitions, Markdown, prose in seven
languages. Up to Claude 4.6 one `cl100k_base` token was 1.05 (prose) to 1.41 (Go) of Claude's, from
4.7 on 1.35 to 1.88; with the factors the sum is off by 1 %, a single text by -18 % to +22 %.
Anthropic's own hint to its agents says the same of the older tokenizer: OpenAI's count 15 to 20 %
too little. Scripts other than Latin need no factor (0.9 to 1.07).
"""

from __future__ import annotations

import re

from msgspec import Struct


class Family(Struct, frozen=True):
    """What counting needs to know of a model. All counts are tokens."""

    vocabulary: str
    factor: float = 1.0
    """Tokens of the model for one of the vocabulary's, in Latin script."""
    tools: int = 120
    """The prompt a provider adds once there are tools; Qwen's and DeepSeek's templates."""
    forced_tools: int = 120
    """The same where a tool call is demanded."""
    tool: int = 16
    """The JSON around one tool's name, description and schema."""
    image: int = 1568
    """An image never costs more, because a larger one is scaled down."""
    image_edge: int = 1568
    """The longest side in pixels that is not scaled down."""
    page: int = 2200
    """A PDF's page, which goes in as a picture and as its text."""


# https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview: 346 tokens for `auto` and
# `none`, 313 for `any` and `tool`. Images and pages: docs/en/build-with-claude/vision and
# pdf-support (1,500 to 3,000 a page); published measurements of both models' counts by size
# (JOHNISKING/image-token-cost, pdf-token-cost) are 28-pixel squares, and 2,100 and 2,350 a page.
_CLAUDE = Family("cl100k_base", factor=1.22, tools=346, forced_tools=313, tool=0)
_CLAUDE_4_7 = Family(
    "cl100k_base",
    factor=1.55,
    tools=346,
    forced_tools=313,
    tool=0,
    image=4784,
    image_edge=2576,
    page=2400,
)
_OTHER = Family("cl100k_base", factor=1.1)

_BY_NAME: tuple[tuple[re.Pattern[str], Family], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), Family(vocabulary))
    for pattern, vocabulary in (
        (r"gpt-oss|gpt-4o|gpt-4\.1|gpt-[5-9]|chatgpt|codex|\bo[1-9]\b", "o200k_base"),
        (r"gpt-4|gpt-3", "cl100k_base"),
        # Before the others: distilled models carry the name of their base too.
        (r"qwen|qwq|qvq", "qwen3"),
        (r"llama", "llama3"),
        (r"deepseek", "deepseek_v3"),
        (r"\bglm|chatglm", "glm4"),
        (r"kimi|moonshot", "kimi_k2"),
        (r"mistral|ministral|magistral|codestral|devstral|pixtral", "mistral_v3"),
    )
)

# `claude-opus-4-7`, `claude-3-7-sonnet-20250219`, `anthropic/claude-sonnet-4.5`.
_CLAUDE_NAME = re.compile(r"claude|\b(?:opus|sonnet|haiku)\b", re.IGNORECASE)
_VERSION = re.compile(r"(?<!\d)(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)")


def family_of(model: str) -> Family:
    """How to count for a model of that name; a Claude of unknown version counts as a new one."""
    if _CLAUDE_NAME.search(model):
        version = _VERSION.search(model)
        if version is None:
            return _CLAUDE_4_7
        number = int(version[1]), int(version[2] or 0)
        return _CLAUDE_4_7 if number >= (4, 7) else _CLAUDE
    return next((family for pattern, family in _BY_NAME if pattern.search(model)), _OTHER)
