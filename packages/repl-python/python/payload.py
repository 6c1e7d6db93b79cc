# One payload of CONTEXT: reads ranges, keeps none of the text.
#
# Invariants: (1) the host is asked for one aligned piece at a time; (2) no text outlives the call that read it;
# (3) an end inside a surrogate pair moves before it. Positions are UTF-16 units.
from bisect import bisect_left, bisect_right

from utf16 import joined_pairs, units_of

PIECE = 65_536
MAX_RANGES = 256
BYTE_ORDER_MARK = "\ufeff"
# Characters that are read at once.
MAX_READ = 8_388_608


class ReadRanges:
    """The parts of a payload that were read: sorted, apart from each other, bounded in number."""

    def __init__(self):
        self._ranges = []

    def add(self, start, end):
        """Notes a range, joined with those it touches."""
        first = bisect_left(self._ranges, start, key=lambda known: known[1])
        last = bisect_right(self._ranges, end, key=lambda known: known[0])
        if first < last:
            start = min(start, self._ranges[first][0])
            end = max(end, self._ranges[last - 1][1])
        self._ranges[first:last] = [(start, end)]
        if len(self._ranges) > MAX_RANGES:
            self._join_closest()

    def clear(self):
        self._ranges = []

    def __iter__(self):
        return iter(self._ranges)

    def _join_closest(self):
        gaps = [after[0] - before[1] for before, after in zip(self._ranges, self._ranges[1:])]
        place = gaps.index(min(gaps))
        self._ranges[place : place + 2] = [(self._ranges[place][0], self._ranges[place + 1][1])]


class Payload:
    """Text that is read in ranges. `read_context(key, start, end)` asks the host."""

    def __init__(self, spec, read_context):
        self.key = spec["key"]
        self.characters = spec["characters"]
        self.metadata = spec.get("metadata")
        self.reads = ReadRanges()
        self._read_context = read_context
        self._text_start = None

    def info(self):
        known = {"key": self.key, "characters": self.characters}
        return known if self.metadata is None else {**known, "metadata": self.metadata}

    def read(self, start, end):
        """The text from `start` up to `end`, whole characters only; notes that it was read."""
        start, end = self.snap(start), self.snap(end)
        if start >= end:
            return ""
        self.reads.add(start, end)
        return self.text(start, end)

    def text(self, start, end):
        """The text of a range, not noted as read."""
        pieces = []
        while start < end:
            stop = min(start - start % PIECE + PIECE, end)
            piece = self._read_context(self.key, start, stop)
            if piece is None or units_of(piece) != stop - start:
                raise OSError("the context could not be read")
            pieces.append(piece)
            start = stop
        return joined_pairs("".join(pieces))

    def holds(self, text):
        """Whether a text is somewhere in it."""
        at, carried = 0, ""
        while at < self.characters:
            stop = self.snap(min(at + PIECE, self.characters))
            window = carried + self.text(at, stop)
            if text in window:
                return True
            carried = window[len(window) - len(text) + 1 :] if 1 < len(text) <= len(window) else window[: len(text) - 1]
            at = stop
        return text == ""

    def text_start(self):
        """Where the text begins: behind a byte order mark."""
        if self._text_start is None:
            self._text_start = 1 if self.text(0, min(1, self.characters)) == BYTE_ORDER_MARK else 0
        return self._text_start

    def snap(self, position):
        """The position itself, or the one before when it lies inside a surrogate pair."""
        if not 0 < position < self.characters:
            return position
        return position - 1 if len(self.text(position - 1, position + 1)) == 1 else position

    def position(self, value, fallback, name):
        """A position from what code gave, as a slice of a list takes it."""
        return to_position(value, fallback, self.characters, name)


def to_position(value, fallback, count, name):
    """A place among `count`: a negative number counts from the end, what is beyond is moved to it."""
    if value is None:
        return fallback
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    place = count if value > count else max(int(value), -count) if value > -count else -count
    return max(place + count if place < 0 else place, 0)


class LineIndex:
    """
    Where the lines of a payload begin, to within a piece. Built by one pass when first needed; holds one number for
    each 65,536 characters and no text. A final line break starts no further line.
    """

    def __init__(self, payload):
        self._payload = payload
        self._breaks = None

    def count(self):
        characters = self._payload.characters
        if characters == 0:
            return 0
        breaks = self._counts()[-1]
        return breaks if self._payload.text(characters - 1, characters) == "\n" else breaks + 1

    def start_of(self, line):
        """Position of the first character of a line, from 0; the end of the text beyond the last."""
        if line <= 0:
            return 0
        breaks = self._counts()
        if line > breaks[-1]:
            return self._payload.characters
        number = bisect_left(breaks, line) - 1
        piece = self._piece(number)
        place = -1
        for _ in range(line - breaks[number]):
            place = piece.index("\n", place + 1)
        return number * PIECE + units_of(piece[: place + 1])

    def _counts(self):
        if self._breaks is None:
            breaks = [0]
            for number in range(-(-self._payload.characters // PIECE)):
                breaks.append(breaks[-1] + self._piece(number).count("\n"))
            self._breaks = breaks
        return self._breaks

    def _piece(self, number):
        start = number * PIECE
        return self._payload.text(start, min(start + PIECE, self._payload.characters))


def split_lines(text):
    """The lines of a text, without their line breaks."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line[:-1] if line.endswith("\r") else line for line in lines]
