# CONTEXT: the payloads of an agent, read in ranges.
from difflib import get_close_matches
from json import dumps

from foreign import is_a, kind_name
from grep import GrepRun, looks_like_expression
from hits import Hits, Notes, Record
from payload import BYTE_ORDER_MARK, LineIndex, Payload, split_lines, to_position
from slices import Slice, how_to_read, read_range

MAX_CHUNKS = 100_000
DEFAULT_HITS = 100
MAX_HITS = 1_000
# What a message names at most of keys.
MAX_NAMED = 20
# Names that methods have in the other language of the REPLs.
OTHER_NAMES = {"lineCount": "line_count"}


class MissingKey(KeyError):
    """A KeyError whose text is its message as it stands."""

    __str__ = Exception.__str__


MissingKey.__name__ = MissingKey.__qualname__ = "KeyError"


class View:
    """What code reads a payload through. Positions are UTF-16 units, from 0."""

    def __init__(self, find, name, note):
        self._find = find
        self._name = name
        self._note = note

    def info(self):
        """Key, characters, metadata."""
        return Record(self._find()[0].info())

    def text(self):
        """All of the text, where that is at most 8,388,608 characters."""
        return self.read()

    def read(self, start=None, end=None):
        """The text from `start` up to `end`; negative positions count from the end."""
        payload, _ = self._find()
        first = payload.position(start, 0, "start")
        what = self._name if start is None and end is None else "the range"
        text = read_range(payload, first, payload.position(end, payload.characters, "end"), what, self._name)
        if first == 0 and text.startswith(BYTE_ORDER_MARK):
            self._note.say(f"the text begins with a byte order mark, U+FEFF: {self._name}.read(1) is what follows it.")
        return text

    def slice(self, start=None, end=None):
        """Stands for a part without reading it."""
        payload, _ = self._find()
        first = payload.position(start, 0, "start")
        return Slice(payload, self._name, first, max(payload.position(end, payload.characters, "end"), first))

    def line_count(self):
        """How many lines there are."""
        return self._find()[1].count()

    def lines(self, start=None, end=None):
        """The lines from `start` up to `end`, from 0, without their breaks."""
        payload, index = self._find()
        count = index.count()
        first = index.start_of(to_position(start, 0, count, "start")) or payload.text_start()
        last = index.start_of(to_position(end, count, count, "end"))
        return split_lines(read_range(payload, first, last, "what is in these lines", self._name))

    def grep(self, pattern, max=None):
        """Lines that hold a text, or match re.compile(...): line, start and text of each, at most `max` (100)."""
        payload, _ = self._find()
        most = to_position(max, DEFAULT_HITS, MAX_HITS, "max")
        run = GrepRun(payload, pattern, most)
        hits, is_cut = Hits(map(Record, run.run()), self._name, run.is_cut()), run.is_cut()
        shown = pattern if is_a(pattern, str) else pattern.pattern
        shown = dumps(shown[:100], ensure_ascii=False)
        if not hits and looks_like_expression(pattern):
            self._note.say(f"grep looked for the text {shown} as it stands; for an expression give re.compile(...).")
        elif not hits:
            self._note.miss(f"0 hits for {shown} in {self._name}")
        elif is_cut and (max is None or max > most):
            beyond = f"{self._name}.chunks(200_000) are parts to search" if most == MAX_HITS else "grep(pattern, 1000)"
            self._note.say(f"grep for {shown} stopped at {most} hits, and there may be more: {beyond}.")
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
            Slice(payload, self._name, start, min(start + step, payload.characters))
            for start in range(0, payload.characters, step)
        ]

    def range(self):
        """Key, start and end of the whole."""
        payload, _ = self._find()
        return payload.key, 0, payload.characters

    def __len__(self):
        return self._find()[0].characters

    def __getitem__(self, part):
        if is_a(part, slice) and part.step is None:
            return self.read(part.start, part.stop)
        self._find()
        name = self._name
        if is_a(part, slice):
            raise TypeError(f"{name} takes no step: write {name}.text()[::{part.step}]")
        if is_a(part, int):
            raise TypeError(
                f"{name} is not a str or a list: {name}.lines()[{int(part)}] is a line, "
                f"{name}.text()[{int(part)}] a character"
            )
        raise TypeError(f"{name} is not a dict: {name}.text() is its text, {name}.lines() its lines")

    def __contains__(self, text):
        payload, _ = self._find()
        if not is_a(text, str):
            raise TypeError(f"`in {self._name}` takes a str, not {kind_name(text)}")
        return payload.holds(text)

    def __iter__(self):
        self._find()
        raise TypeError(f"{self._name} is not a list: write {self._name}.lines() for its lines")

    def __bool__(self):
        return True

    def __str__(self):
        payload, _ = self._find()
        raise TypeError(f"{self._name} is not a str: {how_to_read(payload, self._name)}")

    def __getattr__(self, name):
        if name in OTHER_NAMES:
            return getattr(self, OTHER_NAMES[name])
        if name in ("items", "values") and is_a(self, Contexts):
            pair = "(key, CONTEXT.get(key))" if name == "items" else "CONTEXT.get(key)"
            raise AttributeError(f"CONTEXT has no {name}: write [{pair} for key in CONTEXT.keys()]")
        known = [method for method in dir(type(self)) if not method.startswith("_") and method not in INTERNAL]
        reason = "is not a str and " if hasattr(str, name) else ""
        raise AttributeError(f"{self._name} {reason}has no {name}; it has {', '.join(known)}")

    def __repr__(self):
        payload, _ = self._find()
        key = dumps(payload.key, ensure_ascii=False)
        return f"{self._name} (key {key}; {how_to_read(payload, self._name)})"


    def is_one(self):
        """Whether it stands for one payload."""
        return True


INTERNAL = ["range", "is_one"]


class Contexts(View):
    """The payloads of one REPL; stands as CONTEXT. Where there is one, it stands for that one."""

    def __init__(self, specs, read_context, write):
        super().__init__(self._only, "CONTEXT", Notes(write))
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

    def get(self, key, *otherwise):
        """One payload of several."""
        if not is_a(key, str) or key not in self._entries:
            if otherwise:
                return otherwise[0]
            raise MissingKey(f"CONTEXT has no key {self._shown_key(key)}; {self._named()}{self._closest(key)}")
        return View(lambda: self._entries[key], f"CONTEXT.get({dumps(key, ensure_ascii=False)})", self._note)

    def __getitem__(self, part):
        if is_a(part, str) or (is_a(part, int) and len(self._entries) != 1):
            return self.get(part)
        return super().__getitem__(part)

    def __contains__(self, text):
        return super().__contains__(text) if len(self._entries) == 1 else text in self.keys()

    def __repr__(self):
        return super().__repr__() if len(self._entries) == 1 else f"CONTEXT ({self._named()})"

    def _only(self):
        if len(self._entries) == 1:
            return next(iter(self._entries.values()))
        if not self._entries:
            raise LookupError("this agent was given no context")
        first = dumps(next(iter(self._entries)), ensure_ascii=False)
        raise LookupError(f"CONTEXT holds several payloads: use CONTEXT.get({first}); {self._named()}")

    def _named(self):
        names = [dumps(key, ensure_ascii=False) for key in self._entries]
        if not names:
            return "there is none"
        rest = [f"… {len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
        return f"the keys are {', '.join([*names[:MAX_NAMED], *rest])}"

    def _shown_key(self, key):
        return dumps(str.__str__(key)[:100], ensure_ascii=False) if is_a(key, str) else f"of the type {kind_name(key)}"

    def _closest(self, key):
        close = get_close_matches(str.__str__(key)[:100], self._entries, 1) if is_a(key, str) else []
        return f'; did you mean CONTEXT.get({dumps(close[0], ensure_ascii=False)})?' if close else ""

    def is_one(self):
        """Whether it stands for one payload."""
        return len(self._entries) == 1

    def described(self):
        """A sentence that says where the input is, or that there is none."""
        if not self._entries:
            return "This agent was given no input but its task."
        if self.is_one():
            return f"The input is in CONTEXT: {how_to_read(self._find()[0], 'CONTEXT')}."
        key = dumps(next(iter(self._entries)), ensure_ascii=False)
        return f"The input is in CONTEXT: {self._named()}, and CONTEXT.get({key}).text() gives the text of the first."

    def say(self, note):
        """Tells the model something of this block, once."""
        self._note.say(note)

    def all_payloads(self):
        return [payload for payload, _ in self._entries.values()]

    def start_block(self):
        """A new block begins: what is read, and what is said of searches, counts from here."""
        self._note.clear()
        for payload in self.all_payloads():
            payload.reads.clear()

    def missed(self):
        """The searches of this block that found nothing, each a line."""
        return self._note.misses


INTERNAL += ["all_payloads", "described", "start_block", "missed", "say"]
# Python's own messages name the class of a value.
View.__name__ = View.__qualname__ = Contexts.__name__ = Contexts.__qualname__ = "CONTEXT"


def labelled_print(*values, **options):
    """Writes values to the output; CONTEXT as what it is, for all of its text may be too long."""
    print(*[repr(value) if is_a(value, View) else value for value in values], **options)


labelled_print.__name__ = labelled_print.__qualname__ = "print"
