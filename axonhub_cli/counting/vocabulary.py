"""Tokenizers: loaded when first needed, few at a time, with an estimate where there is none.

The library ships its vocabularies, so nothing is ever downloaded. Loading one takes 0.1 to 0.25 s
of CPU, of which the interpreter is held for 25 to 60 ms; 250 KB of text then take about 6 ms. Each
that is loaded adds to the daemon's memory: DeepSeek's 24 MB, `cl100k_base` 27 MB, the others 41 MB.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

_MOST_LOADED = 3
# The library holds the interpreter while it reads a text: long ones go in pieces, each well under
# a millisecond, so that the event loop goes on. A cut costs one token at most.
_PIECE = 16_384
# A word that no vocabulary has as one token: the first of them makes the library build its tables.
_RARE_WORD = "na\u00efvet\u00e9\u4e00"

Tokenizer = Callable[[str], int]

_loaded: OrderedDict[str, Tokenizer] = OrderedDict()
_lock = threading.Lock()


def tokenizer(vocabulary: str) -> Tokenizer:
    """A thread-safe function that counts a text's tokens. Blocks while the vocabulary loads."""
    with _lock:
        found = _loaded.get(vocabulary)
        if found is None:
            found = _loaded[vocabulary] = _load(vocabulary)
            if len(_loaded) > _MOST_LOADED:
                _loaded.popitem(last=False)
        _loaded.move_to_end(vocabulary)
        return found


def estimate(text: str) -> int:
    """Tokens by length alone: 3.8 ASCII characters or 3.5 bytes of other scripts make one.

    Within 30 % of `cl100k_base` on code, Markdown, logs and prose; for machines without wheels.
    """
    plain = len(text.encode("ascii", "ignore"))
    other = len(text.encode("utf-8", "replace")) - plain
    return math.ceil(plain / 3.8 + other / 3.5)


def _load(vocabulary: str) -> Tokenizer:
    try:
        from splintr import Tokenizer as Vocabulary

        found = Vocabulary.from_pretrained(vocabulary)
        # Unlike the call for one text, the call for many lets the interpreter go on meanwhile.
        found.encode_batch([_RARE_WORD])
    except (ImportError, ValueError, RuntimeError):
        return estimate
    encode = found.encode_ordinary
    return lambda text: _count(encode, text)


def _count(encode: Callable[[str], list[int]], text: str) -> int:
    if len(text) <= _PIECE:
        return _count_piece(encode, text)
    pieces = range(0, len(text), _PIECE)
    return sum(_count_piece(encode, text[at : at + _PIECE]) for at in pieces)


def _count_piece(encode: Callable[[str], list[int]], piece: str) -> int:
    try:
        return len(encode(piece))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        # A text that the library refuses (half a surrogate pair) or dies of: a panic in Rust
        # arrives as a BaseException, and a count is not worth a request.
        return estimate(piece)
