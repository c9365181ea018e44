"""Small automata that accept what a protocol's clients and servers accept, and nothing else.

Each check raises `BadGrammar`, which says what was wrong and where.
"""

from tests.support.grammar import anthropic, openai_chat
from tests.support.grammar.base import BadGrammar

REQUEST = {
    "anthropic": anthropic.check_request,
    "openai_chat": openai_chat.check_request,
}
RESPONSE = {
    "anthropic": anthropic.check_response,
    "openai_chat": openai_chat.check_response,
}
STREAM = {
    "anthropic": anthropic.check_stream,
    "openai_chat": openai_chat.check_stream,
}
ERROR = {
    "anthropic": anthropic.check_error,
    "openai_chat": openai_chat.check_error,
}

__all__ = ["ERROR", "REQUEST", "RESPONSE", "STREAM", "BadGrammar"]
