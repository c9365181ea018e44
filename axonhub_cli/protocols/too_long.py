"""Does an error say that a conversation is too long for the model? By the vendors' words.

Wordings seen: Anthropic (`prompt is too long: 210000 tokens > 200000 maximum`, `input length and
max_tokens exceed context limit`), OpenAI, DeepSeek and vLLM (`context_length_exceeded`, `maximum
context length is`), xAI (`maximum prompt length`), llama.cpp (`exceeds the available context
size`), Bedrock (`Input is too long`), Gemini (`input token count (…) exceeds the maximum`),
Moonshot (`exceeded model token limit`), GLM (`Prompt exceeds max length`), Groq (`reduce the length
of the messages`), MiniMax (`context window exceeds limit`), Copilot
(`model_max_prompt_tokens_exceeded`).
"""

from __future__ import annotations

import re

TOO_LONG = "prompt is too long"
"""What Claude Code compacts a conversation for."""

_WORDS = re.compile(
    r"maximum (?:context|prompt) length|context (?:length|window|size|limit)\b.{0,40}\bexceed"
    r"|exceed.{0,60}\bcontext (?:length|window|size|limit)|(?:prompt|input) is too long"
    r"|context_length_exceeded|exceed_context_size|model_max_prompt_tokens_exceeded"
    r"|prompt exceeds max length|exceeded model token limit"
    r"|input token count.{0,40}\bexceeds the maximum|reduce the length of the messages",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 64 * 1024


def says_too_long(words: str) -> bool:
    """`words`: a message, or a whole error body."""
    return _WORDS.search(words[:_LONGEST]) is not None
