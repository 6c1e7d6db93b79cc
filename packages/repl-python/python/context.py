# CONTEXT: the payloads of an agent, read in ranges.
from json import dumps

from foreign import is_a
from grep import GrepRun, looks_like_expression
from payload import LineIndex, Payload, split_lines, to_position

MAX_CHUNKS = 100_000
DEFAULT_HITS = 100
MAX_HITS = 1_000


class Record(dict):
    """A dict whose values are attributes too: `hit["line"]` and `hit.line`."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} in {dict.__repr__(self)[:200]}") from None


class Slice:
    """A range of a payload that code can hold, read, and pass to a child without copying."""

    __slots__ = ("_payload", "start", "end")

    def __init__(self, payload, start, end):
        object.__setattr__(self, "_payload", payload)
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
        return self._payload.read(self.start, self.end)

    def __len__(self):
        return self.length

    def __str__(self):
        return self.text()

    def __repr__(self):
        return f"CONTEXT.slice({self.start}, {self.end})"

    def range(self):
        """Key, start and end, splitting no surrogate pair."""
        return self.key, self._payload.snap(self.start), self._payload.snap(self.end)


class View:
    """What code reads a payload through. Positions are UTF-16 units, from 0."""

    def __init__(self, find, name, note):
        self._find = find
        self._name = name
        self._note = note

    def info(self):
        """Key, characters, metadata."""
        return Record(self._find()[0].info())

    def read(self, start=None, end=None):
        """The text from `start` up to `end`; negative positions count from the end."""
        payload, _ = self._find()
        first = payload.position(start, 0, "start")
        return payload.read(first, payload.position(end, payload.characters, "end"))

    def slice(self, start=None, end=None):
        """Stands for a part without reading it."""
        payload, _ = self._find()
        first = payload.position(start, 0, "start")
        return Slice(payload, first, max(payload.position(end, payload.characters, "end"), first))

    def line_count(self):
        """How many lines there are."""
        return self._find()[1].count()

    def lines(self, start=None, end=None):
        """The lines from `start` up to `end`, from 0, without their breaks."""
        payload, index = self._find()
        count = index.count()
        first = index.start_of(to_position(start, 0, count, "start"))
        return split_lines(payload.read(first, index.start_of(to_position(end, count, count, "end"))))

    def grep(self, pattern, max=None):
        """Lines that hold a text, or match re.compile(...): line, start and text of each, at most `max` (100)."""
        payload, _ = self._find()
        most = to_position(max, DEFAULT_HITS, MAX_HITS, "max")
        hits = [Record(hit) for hit in GrepRun(payload, pattern, most).run()]
        if not hits and looks_like_expression(pattern):
            shown = dumps(pattern[:100], ensure_ascii=False)
            self._note(f"Note: grep looked for the text {shown} as it stands; for an expression give re.compile(...).")
        return hits

    def chunks(self, size):
        """Slices of that size for the whole."""
        payload, _ = self._find()
        if is_a(size, bool) or not is_a(size, (int, float)) or not size >= 1:
            raise TypeError("chunks takes the size of a chunk in characters, at least 1")
        if payload.characters / size > MAX_CHUNKS:
            raise ValueError(f"that would be more than {MAX_CHUNKS} chunks; take larger ones")
        step = int(size)
        return [
            Slice(payload, start, min(start + step, payload.characters))
            for start in range(0, payload.characters, step)
        ]

    def range(self):
        """Key, start and end of the whole."""
        payload, _ = self._find()
        return payload.key, 0, payload.characters

    def text_of(self):
        payload, _ = self._find()
        return payload.read(0, payload.characters)

    def __len__(self):
        return self._find()[0].characters

    def __getitem__(self, part):
        if is_a(part, slice) and part.step is None:
            return self.read(part.start, part.stop)
        raise TypeError(f"write {self._name}.read(start, end)")

    def __iter__(self):
        raise TypeError(f"write for line in {self._name}.lines(): …")

    def __bool__(self):
        return True

    def __str__(self):
        raise TypeError(f"{self._name} is no text: use {self._name}.read(start, end)")

    def __getattr__(self, name):
        known = [method for method in dir(type(self)) if not method.startswith("_") and method not in INTERNAL]
        raise AttributeError(f"{self._name} has no {name}; it has {', '.join(known)}")

    def __repr__(self):
        payload, _ = self._find()
        return f"{self._name} ({payload.characters} characters, key {dumps(payload.key)})"


INTERNAL = ("range", "text_of")


class Contexts(View):
    """The payloads of one REPL; stands as CONTEXT. Where there is one, it stands for that one."""

    def __init__(self, specs, read_context, note):
        super().__init__(self._only, "CONTEXT", note)
        self._entries = {}
        for spec in specs:
            payload = Payload(spec, read_context)
            self._entries[payload.key] = (payload, LineIndex(payload))

    def info(self):
        """Key, characters, metadata; a list where there are several payloads."""
        if len(self._entries) == 1:
            return super().info()
        return [Record(payload.info()) for payload, _ in self._entries.values()]

    def keys(self):
        """The keys of all payloads."""
        return list(self._entries)

    def get(self, key):
        """One payload of several."""
        if not is_a(key, str) or key not in self._entries:
            raise KeyError(f"CONTEXT has no such key; {self._named()}")
        return View(lambda: self._entries[key], f"CONTEXT.get({dumps(key)})", self._note)

    def __getitem__(self, part):
        return self.get(part) if is_a(part, str) else super().__getitem__(part)

    def __repr__(self):
        return super().__repr__() if len(self._entries) == 1 else f"CONTEXT ({self._named()})"

    def _only(self):
        if len(self._entries) == 1:
            return next(iter(self._entries.values()))
        if not self._entries:
            raise LookupError("this agent was given no context")
        raise LookupError(f"CONTEXT holds several payloads: use CONTEXT.get(key); {self._named()}")

    def _named(self):
        names = ", ".join(dumps(key, ensure_ascii=False) for key in self._entries)
        return f"the keys are {names}" if names else "there is none"

    def all_payloads(self):
        return [payload for payload, _ in self._entries.values()]


INTERNAL += ("all_payloads",)
