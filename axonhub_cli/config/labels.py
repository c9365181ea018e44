"""What a channel's tokens are called: in lists, in the trace, and to share sessions among them."""

from __future__ import annotations

from collections.abc import Iterable


def label_of(reference: str) -> str:
    """How a token is called: the end of its name, its variable, or the program that prints it."""
    kind, _, name = reference.partition(":")
    if kind == "command":
        return program_of(name).rsplit("/", 1)[-1]
    # `channel/NAME/LABEL/…`: the last part is what makes a stored reference unique.
    parts = name.split("/")
    return parts[2] if len(parts) == 4 and parts[0] == "channel" else parts[-1]


def program_of(command: str) -> str:
    """The program that a command calls; what stands before it (`NAME=value`) may be a secret."""
    return next((word for word in command.split() if "=" not in word), "command")


def shown_reference(reference: str) -> str:
    """A secret reference without what may hold a secret: the arguments of a command."""
    kind, _, rest = reference.partition(":")
    if kind != "command":
        return reference
    program = program_of(rest)
    return f"command:{program}{' …' if rest != program else ''}"


def labels_of(references: Iterable[str]) -> list[str]:
    """A label for each token, made unique by a number where two would be the same."""
    found: list[str] = []
    for reference in references:
        label = label_of(reference)
        number = 2
        while label in found:
            label, number = f"{label_of(reference)}#{number}", number + 1
        found.append(label)
    return found
