"""One edit of the headers. Lists are what stands between commas, as in `anthropic-beta`."""

from __future__ import annotations

import re
from collections.abc import Callable

from axonhub_cli.config.schema.overrides import Override
from axonhub_cli.jsonedit import CannotEdit
from axonhub_cli.jsonio import Json
from axonhub_cli.overrides.variables import as_text

HeaderList = list[tuple[bytes, bytes]]

_CREDENTIALS = frozenset("authorization x-api-key x-goog-api-key api-key cookie".split())
_CONNECTION = frozenset(
    "host content-length content-type content-encoding accept-encoding connection keep-alive te "
    "trailer transfer-encoding upgrade expect proxy-authenticate proxy-authorization "
    "proxy-connection".split()
)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
# RFC 9110, 5.5, but for the tab.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_name(name: str) -> str | None:
    """What is wrong with the name of a header that is to be edited, as a clause."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not the name of a header"
    if name.lower() in _CREDENTIALS:
        return f"{name!r} is a credential: the channel's token makes it"
    if name.lower() in _CONNECTION:
        return f"{name!r} belongs to the connection: axonhub writes it itself"
    return None


def check_text(text: str) -> str | None:
    """What no header can carry."""
    return (
        "a header holds no line breaks or control characters"
        if (_UNSENDABLE.search(text))
        else None
    )


def edit_headers(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    """The headers after the edit, or the very same. Raises `CannotEdit`."""
    return _OPERATIONS[override.operation](headers, override, value)


def _set(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    return _put(headers, override.path, _encoded(value))


def _set_if_absent(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    there = _value(headers, override.path) is not None
    return headers if there else _set(headers, override, value)


def _delete(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    name = override.path.lower().encode()
    kept = [header for header in headers if header[0] != name]
    return kept if len(kept) < len(headers) else headers


def _rename(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    return _delete(_copy(headers, override, value), override, value)


def _copy(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    there = _value(headers, override.path)
    if there is None:
        raise CannotEdit(f"there is no header {override.path}")
    assert override.to is not None
    return _put(headers, override.to, there)


def _insert(at: Callable[[Override, int], int]) -> Callable[..., HeaderList]:
    def insert(headers: HeaderList, override: Override, value: Json) -> HeaderList:
        words = _words(headers, override.path)
        given = value if isinstance(value, list) else [value]
        new = [word for word in map(_encoded, given) if word not in words]
        place = at(override, len(words))
        listed = [*words[:place], *new, *words[place:]]
        return _put(headers, override.path, b",".join(listed)) if new else headers

    return insert


def _array_remove(headers: HeaderList, override: Override, value: Json) -> HeaderList:
    words = _words(headers, override.path)
    given = value if isinstance(value, list) else [value]
    gone = {_encoded(each) for each in given if each is not None}
    if override.index is not None and -len(words) <= override.index < len(words):
        gone.add(words[override.index])
    kept = [word for word in words if word not in gone]
    if len(kept) == len(words):
        return headers
    if not kept:
        return _delete(headers, override, value)
    return _put(headers, override.path, b",".join(kept))


def _value(headers: HeaderList, name: str) -> bytes | None:
    wanted = name.lower().encode()
    return next((value for found, value in headers if found == wanted), None)


def _words(headers: HeaderList, name: str) -> list[bytes]:
    wanted = name.lower().encode()
    words = (w.strip() for found, value in headers if found == wanted for w in value.split(b","))
    return [word for word in words if word]


def _put(headers: HeaderList, name: str, value: bytes) -> HeaderList:
    """In the place of the first of that name; the others go."""
    wanted = name.lower().encode()
    at = next((at for at, (found, _) in enumerate(headers) if found == wanted), len(headers))
    others = [header for header in headers if header[0] != wanted]
    return [*others[:at], (wanted, value), *others[at:]]


def _encoded(value: Json) -> bytes:
    text = as_text(value)
    if _UNSENDABLE.search(text):
        raise CannotEdit("its value holds what no header can carry")
    return text.strip(" \t").encode()


_OPERATIONS: dict[str, Callable[[HeaderList, Override, Json], HeaderList]] = {
    "set": _set,
    "set_if_absent": _set_if_absent,
    "delete": _delete,
    "rename": _rename,
    "copy": _copy,
    "array_append": _insert(lambda override, count: count),
    "array_prepend": _insert(lambda override, count: 0),
    "array_insert": _insert(lambda override, count: override.index or 0),
    "array_remove": _array_remove,
}
