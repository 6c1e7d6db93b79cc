# An uncaught error as data, and as text for the model.
#
# Invariants: (1) bounded, and told, whatever was raised; (2) of the traceback only the model's own lines are shown.
import builtins
import linecache

from foreign import error_field, exact_text, is_a, kind_name, put_back, spoken
from host_errors import MAX_CAUSES
from parsing import parse_block
from statements import Place

MAX_FRAMES = 6
MAX_LINE = 200
# Characters of code kept for tracebacks; the oldest blocks go first.
MAX_KEPT = 1_000_000
# No line and no column is beyond it.
LAST_PLACE = 10_000_000
LINES = linecache.cache
SYNTAX_ERRORS = (SyntaxError, IndentationError, TabError)
# Python 3.10 has none.
ERROR_GROUP = getattr(builtins, "BaseExceptionGroup", None)


class Sources:
    """The code of the blocks so far, to show the model its own lines. `advisor` has hints for what failed in them."""

    def __init__(self, advisor):
        self._advisor = advisor
        self._blocks = {}
        self._kept = 0
        self._newest = ""

    def add(self, block_id, code):
        """Remembers a block and gives the name of its file, by which tracebacks know it."""
        filename = f"<block {block_id}>"
        lines = code.splitlines(keepends=True)
        self._blocks[filename] = (block_id, lines, code)
        linecache.cache = LINES
        put_back(LINES, {filename: (len(code), None, lines, filename)})
        self._newest = filename
        self._kept += len(code)
        while self._kept > MAX_KEPT and len(self._blocks) > 1:
            oldest = next(iter(self._blocks))
            self._kept -= len(self._blocks.pop(oldest)[2])
            LINES.pop(oldest, None)
        return filename

    def line(self, filename, number):
        """A line of a block; empty where there is none."""
        lines = self._blocks[filename][1] if filename in self._blocks else []
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def hint_for(self, error, message):
        """What to do instead; empty when there is nothing to say."""
        place, traceback = None, error_field(error, "__traceback__")
        while traceback is not None:
            frame, number = traceback.tb_frame, traceback.tb_lineno
            filename = exact_text(frame.f_code.co_filename)
            if filename in self._blocks and number is not None:
                place = Place(self._blocks[filename][2], filename, number, frame)
            traceback = traceback.tb_next
        return self._advisor.hint_for(error, message, place)

    def excerpts(self, traceback):
        """The lines of code that a traceback leads through, outermost first."""
        places = []
        while traceback is not None:
            code = traceback.tb_frame.f_code
            place = (exact_text(code.co_filename), traceback.tb_lineno or 0, exact_text(code.co_name))
            if place[0] in self._blocks and place not in places[-1:]:
                places.append(place)
            traceback = traceback.tb_next
        left_out = len(places) - MAX_FRAMES
        shown = [self._excerpt(*place) for place in places[-MAX_FRAMES:]]
        return ([f"  … {left_out} more"] if left_out > 0 else []) + shown

    def _excerpt(self, filename, number, function):
        block_id, lines, _ = self._blocks[filename]
        where = "" if filename == self._newest else f" of an earlier block ({block_id})"
        inside = "" if function == "<module>" else f", in {function[:80]}"
        line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return f"  line {number}{where}{inside}:\n    {line[:MAX_LINE]}"


class ErrorReport:
    """What was raised, read once. `data` is the error for the host, `text` for the model."""

    def __init__(self, error, sources, limit, hint=""):
        self._sources = sources
        self._limit = limit
        self._hints = []
        self.data = self._data(error, 0, limit)
        self.text = cut(self._text(error, 0, [], hint), limit)

    def _data(self, error, depth, limit):
        data = {"name": cut(kind_name(error), 200), "message": cut(message_of(error), limit)}
        cause = cause_of(error)
        if cause is not None and depth < MAX_CAUSES:
            data["cause"] = self._data(cause, depth + 1, max(limit // 2, 1_000))
        return data

    def _text(self, error, depth, above, hint):
        fault = fault_of(error)
        if fault is not None:
            message, line, column, text = fault
            fault = message, line, column, text or self._sources.line(error.filename, line)
            hint = returned(fault) or hint or self._sources.hint_for(error, message_of(error))
            return syntax_text(kind_name(error), fault, hint)
        lines = self._sources.excerpts(error_field(error, "__traceback__"))
        message = message_of(error)
        head = f"{kind_name(error)}: {message}" if message else kind_name(error)
        parts = [] if lines == above or not lines else ["Traceback (most recent call last):", *lines]
        parts.append(head)
        parts.extend(f"  - {kind_name(inner)}: {message_of(inner)}"[:MAX_LINE] for inner in inner_errors(error))
        hint = hint or self._sources.hint_for(error, message_of(error))
        if hint and hint not in self._hints:
            self._hints.append(hint)
            parts.append(hint)
        cause = cause_of(error)
        if cause is not None and depth < MAX_CAUSES:
            parts.append(f"Caused by {self._text(cause, depth + 1, lines, '')}")
        return "\n".join(parts)


def message_of(error):
    """The words of an error; its own code may fail to give them."""
    fault = fault_of(error)
    if fault is not None:
        message, line, column, _ = fault
        return f"{message} (line {line}, column {column})"
    text, failure = spoken(str, error)
    return f"its message cannot be shown: {failure}" if text is None else text


def fault_of(error):
    """Message, line, column and the line's text, where a block is no Python; None for any other error."""
    if type(error) not in SYNTAX_ERRORS:
        return None
    message, filename, line, column, text = (error.msg, error.filename, error.lineno, error.offset, error.text)
    if type(message) is not str or type(filename) is not str or not filename.startswith("<block "):
        return None
    place = [number if type(number) is int and 0 < number < LAST_PLACE else 1 for number in (line, column)]
    return message, *place, text if type(text) is str else ""


def cause_of(error):
    cause = error_field(error, "__cause__")
    if cause is not None:
        return cause
    return None if error_field(error, "__suppress_context__") else error_field(error, "__context__")


def inner_errors(error):
    if ERROR_GROUP is None or not is_a(error, ERROR_GROUP):
        return ()
    return error_field(error, "exceptions", ERROR_GROUP)[:5]


def returned(fault):
    """What to write instead of `return value` at the top level."""
    message, _, _, text = fault
    line = text.strip()
    value = line.removeprefix("return").strip().rstrip(";")
    if "'return' outside function" not in message or not line.startswith("return ") or not 0 < len(value) <= 100:
        return ""
    try:
        parse_block(value, "<value>")
    except (SyntaxError, ValueError):
        return ""
    return f"A block is no function: end it with `{value}` to see it, or give your answer with `await done({value})`."


def syntax_text(name, fault, hint):
    """Where it is, the model's own line with a caret, and how to write it instead."""
    message, number, column, text = fault
    parts = [f"{name}: {message} (line {number}, column {column})"]
    line = text.rstrip("\n")
    if line.strip():
        start = max(column - 81, 0)
        label = f"  {number} | {'…' if start else ''}"
        shown = line[start : column + 40]
        before = "".join("\t" if sign == "\t" else " " for sign in line[start : column - 1])
        parts.append(f"{label}{shown}{'…' if column + 40 < len(line) else ''}")
        parts.append(f"{' ' * len(label)}{before}^")
    if hint:
        parts.append(hint)
    return "\n".join(parts)


def cut(text, limit):
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
