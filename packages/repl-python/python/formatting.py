# Values as text for the model.
#
# Invariants: (1) text is bounded, and of what is built in so is time; (2) formatting never raises, whatever the values
# do; (3) no address of memory is shown, for it is another in every process.
import re
from itertools import islice

from foreign import exact_text, kind_name, spoken

ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,}")
LINE_WIDTH = 100
BRACKETS = {list: "[]", tuple: "()", set: "{}", frozenset: ("frozenset({", "})"), dict: "{}"}
TEXTS = (str, bytes, bytearray)
NUMBERS = (int, float, complex, bool, type(None))


class Bounds:
    """How much of a value is shown."""

    def __init__(self, nodes, depth, items, text, total, asks_values):
        self.nodes = nodes
        self.depth = depth
        self.items = items
        self.text = text
        self.total = total
        # Whether values may describe themselves, which is code of theirs.
        self.asks_values = asks_values


ECHO = Bounds(nodes=4_000, depth=6, items=100, text=10_000, total=200_000, asks_values=True)
PREVIEW = Bounds(nodes=40, depth=2, items=12, text=100, total=400, asks_values=False)


def formatted(value, bounds):
    """A value as code would write it, as far as the bounds go."""
    text = ADDRESS.sub("", Formatter(bounds).format(value, 0))
    return text if len(text) <= bounds.total else text[: bounds.total] + "…"


class Formatter:
    """One walk over a value."""

    def __init__(self, bounds):
        self._bounds = bounds
        self._nodes = 0
        self._open = set()

    def format(self, value, depth):
        self._nodes += 1
        if self._nodes > self._bounds.nodes:
            return "…"
        kind = type(value)
        if kind in TEXTS:
            return self._text(value)
        if kind in NUMBERS:
            return self._cut(number_text(value))
        if kind in BRACKETS:
            return self._collection(kind, value, depth)
        return self._other(value)

    def _text(self, value):
        most = self._bounds.text
        return repr(value) if len(value) <= most else f"{value[:most]!r}… ({len(value) - most} more)"

    def _cut(self, text):
        most = self._bounds.text
        return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"

    def _collection(self, kind, value, depth):
        opening, closing = BRACKETS[kind]
        if not value:
            return repr(value)
        if id(value) in self._open or depth >= self._bounds.depth:
            return f"{opening}…{closing}"
        self._open.add(id(value))
        parts = list(self._items(kind, value, depth + 1))
        self._open.discard(id(value))
        if kind is tuple and len(value) == 1:
            parts[-1] += ","
        return opening + laid_out(parts) + closing

    def _items(self, kind, value, depth):
        # A set has no order of its own that would be the same in another process.
        items = sorted(value, key=sort_key) if kind in (set, frozenset) and len(value) <= 10_000 else value
        # Taken before an item speaks: it may change what holds it.
        total, shown = len(value), list(islice(items.items() if kind is dict else items, self._bounds.items))
        for place, item in enumerate(shown):
            if self._nodes >= self._bounds.nodes:
                shown = shown[:place]
                break
            yield ": ".join(self.format(part, depth) for part in (item if kind is dict else (item,)))
        if total > len(shown):
            yield f"… {total - len(shown)} more"

    def _other(self, value):
        if not self._bounds.asks_values:
            return self._cut(spoken(plain_name, value)[0] or f"<{kind_name(value)}>")
        text, failure = spoken(repr, value)
        return self._cut(f"<{kind_name(value)}, whose repr raises {failure}>" if text is None else text)


def number_text(value):
    try:
        return repr(value)
    except ValueError:
        # An int of more digits than Python writes.
        return f"<int of {value.bit_length()} bits>"


def plain_name(value):
    """What a value is, none of its own code asked."""
    if type(value) in NAMED:
        return f"<{NAMED[type(value)]} {exact_text(value.__name__)}>"
    return f"<{kind_name(value)}>"


NAMED = {type(plain_name): "function", type(len): "function", type: "class", type(re): "module"}


def sort_key(value):
    return (kind_name(value), number_text(value) if type(value) in (*TEXTS, *NUMBERS) else "")


def laid_out(parts):
    """On one line where it fits, else an item a line."""
    line = ", ".join(parts)
    if len(line) <= LINE_WIDTH and "\n" not in line:
        return line
    return "\n" + "".join(f"  {indented(part)},\n" for part in parts)


def indented(part):
    return part.replace("\n", "\n  ")


def echo_of(value):
    """A text of several lines as it is, anything else as code would write it."""
    if type(value) is str and "\n" in value and len(value) <= ECHO.total:
        return value
    return formatted(value, ECHO)
