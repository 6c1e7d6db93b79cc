# Slices of payloads, and what reads a range that is not too large.
from payload import MAX_READ


class Slice:
    """A range of a payload that code can hold, read, and pass to a child without copying."""

    __slots__ = ("_payload", "_name", "start", "end")

    def __init__(self, payload, name, start, end):
        object.__setattr__(self, "_payload", payload)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)

    def __setattr__(self, name, value):
        raise AttributeError("a slice of CONTEXT stays as it is; make another one")

    @property
    def key(self):
        return self._payload.key

    @property
    def length(self):
        return self.end - self.start

    def text(self):
        """The text that the slice stands for."""
        return read_range(self._payload, self.start, self.end, "the slice", self._name)

    read = text

    def __len__(self):
        return self.length

    def __contains__(self, text):
        return text in self.text()

    def __str__(self):
        return self.text()

    def __repr__(self):
        return f"{self._name}.slice({self.start}, {self.end}) ({self.length} characters; text() reads it)"

    def __getattr__(self, name):
        raise AttributeError(f"a slice of CONTEXT has no {name}; it has text(), key, start, end and length")

    def range(self):
        """Key, start and end, splitting no surrogate pair."""
        return self.key, self._payload.snap(self.start), self._payload.snap(self.end)


def how_to_read(payload, name):
    """Size of a payload, and what gives its text."""
    part = "" if payload.characters <= MAX_READ else "a part of "
    call = "text()" if payload.characters <= MAX_READ else "read(0, 200_000)"
    return f"it has {payload.characters:,} characters, and {name}.{call} gives {part}its text"


def read_range(payload, start, end, what, name):
    """The text of a range, where it is not too large; `what` says of what in the payload of that name it is."""
    if end - start > MAX_READ:
        raise ValueError(
            f"{what} has {end - start:,} characters, more than the {MAX_READ:,} that are read at once: search it with "
            f"{name}.grep, or take parts, {name}.read(0, 200_000) or {name}.chunks(200_000)"
        )
    return payload.read(start, end)
