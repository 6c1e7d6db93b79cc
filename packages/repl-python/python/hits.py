# Results of searches of CONTEXT, and notes about them.
from grep import MAX_SHOWN

# Limits for one block: different notes, and searches without a hit that are named.
MOST_NOTES = 20
MOST_MISSED = 5


class Record(dict):
    """A dict whose values are attributes too: `hit["line"]` and `hit.line`."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} in {dict.__repr__(self)[:200]}") from None


class Hits(list):
    """What grep found: a list whose repr begins with the number of hits."""

    def __init__(self, hits, name="CONTEXT", is_cut=False):
        super().__init__(hits)
        self._name = name
        self._is_cut = is_cut

    def __repr__(self):
        count = f"{len(self)} {'hit' if len(self) == 1 else 'hits'}{', and there may be more' if self._is_cut else ''}"
        if not self:
            return count
        meaning = (
            f"line counts from 0, start is the position in {self._name}, "
            f"text is the line, or {MAX_SHOWN} characters of it around the hit"
        )
        return "\n".join([f"{count} ({meaning}):", *map(repr, self)])


class Notes:
    """Notes about the searches of a block, each written once."""

    def __init__(self, write):
        self._write = write
        self.clear()

    def clear(self):
        self._said = set()
        self.misses = []

    def say(self, note):
        if note not in self._said and len(self._said) < MOST_NOTES:
            self._said.add(note)
            self._write(f"Note: {note}\n")

    def miss(self, note):
        if note not in self.misses and len(self.misses) < MOST_MISSED:
            self.misses.append(note)
