# An uncaught error as data, and as text for the model.
#
# Invariants: (1) bounded, whatever was raised; (2) of the traceback only the model's own lines are shown.
import linecache

from host_errors import MAX_CAUSES, HostError

MAX_FRAMES = 6
MAX_LINE = 200
# Characters of code kept for tracebacks; the oldest blocks go first.
MAX_KEPT = 1_000_000

NAME_HINTS = {
    "FINAL": "Call done(value) to give the final answer.",
    "FINAL_VAR": "Call done(variable) to give the final answer.",
    "SHOW_VARS": "Call VARIABLES() to see the variables.",
    "llmQuery": "Write await llm_query(prompt).",
    "llmQueryBatched": "Write await llm_query_batched(prompts).",
    "rlm_query": "Write await delegate(name, query).",
    "rlm_query_batched": "Write await wait(*[delegate(name, query) for query in queries]).",
    "context": "The input is read through CONTEXT, for example CONTEXT.read(0, 1000).",
    "console": "This is Python: write print(value).",
    "Promise": "This is Python: write await asyncio.gather(*handles).",
    "JSON": "This is Python: import json, and write json.loads(text) or json.dumps(value).",
    "Math": "This is Python: import math.",
    "Object": "This is Python: use a dict.",
    "Array": "This is Python: use a list.",
    "undefined": "This is Python: write None.",
    "null": "This is Python: write None.",
    "true": "This is Python: write True.",
    "false": "This is Python: write False.",
}
MESSAGE_HINTS = {
    "asyncio.run() cannot be called": "The REPL's event loop is running already: write `await main()`.",
    "'await' outside": "`await` works at the top level and in async functions: write `async def`.",
    "'return' outside function": "A block is no function: end it with the value to see it, or give your answer with "
    "`await done(value)`.",
    "object CallFuture can't be used": "Give the call to await as it is.",
}


class Sources:
    """The code of the blocks so far, to show the model its own lines."""

    def __init__(self):
        self._blocks = {}
        self._kept = 0
        self._newest = ""

    def add(self, block_id, code):
        """Remembers a block and gives the name of its file, by which tracebacks know it."""
        filename = f"<block {block_id}>"
        lines = code.splitlines(keepends=True)
        self._blocks[filename] = (block_id, lines, len(code))
        linecache.cache[filename] = (len(code), None, lines, filename)
        self._newest = filename
        self._kept += len(code)
        while self._kept > MAX_KEPT and len(self._blocks) > 1:
            oldest = next(iter(self._blocks))
            self._kept -= self._blocks.pop(oldest)[2]
            linecache.cache.pop(oldest, None)
        return filename

    def excerpts(self, traceback):
        """The lines of code that a traceback leads through, outermost first."""
        places = []
        while traceback is not None:
            code = traceback.tb_frame.f_code
            place = (code.co_filename, traceback.tb_lineno, code.co_name)
            if code.co_filename in self._blocks and place not in places[-1:]:
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
        self.data = self._data(error, 0, limit)
        self.text = cut(self._text(error, 0, [], hint), limit)

    def _data(self, error, depth, limit):
        data = {"name": cut(name_of(error), 200), "message": cut(message_of(error), limit)}
        cause = cause_of(error)
        if cause is not None and depth < MAX_CAUSES:
            data["cause"] = self._data(cause, depth + 1, max(limit // 2, 1_000))
        return data

    def _text(self, error, depth, above, hint):
        if isinstance(error, SyntaxError) and is_own(error):
            return syntax_text(error, hint or hint_for(error))
        lines = self._sources.excerpts(error.__traceback__)
        message = message_of(error)
        head = f"{name_of(error)}: {message}" if message else name_of(error)
        parts = [] if lines == above or not lines else ["Traceback (most recent call last):", *lines]
        parts.append(head)
        parts.extend(f"  - {name_of(inner)}: {message_of(inner)}"[:MAX_LINE] for inner in inner_errors(error))
        parts.extend(filter(None, [hint or hint_for(error)]))
        cause = cause_of(error)
        if cause is not None and depth < MAX_CAUSES:
            parts.append(f"Caused by {self._text(cause, depth + 1, lines, '')}")
        return "\n".join(parts)


def name_of(error):
    return type(error).__name__


def message_of(error):
    """The words of an error; its own code may fail to give them."""
    try:
        if isinstance(error, SyntaxError) and is_own(error):
            return f"{error.msg} (line {error.lineno}, column {error.offset or 1})"
        return str.__str__(str(error))
    except Exception as failure:
        return f"its message cannot be shown: {type(failure).__name__}"


def is_own(error):
    return isinstance(error.filename, str) and error.filename.startswith("<block ")


def cause_of(error):
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def inner_errors(error):
    inner = getattr(error, "exceptions", ())
    return inner[:5] if isinstance(inner, tuple) else ()


def hint_for(error):
    """What to do instead, for a name or a habit of another system; empty when there is nothing to say."""
    if isinstance(error, HostError):
        return ""
    missing = getattr(error, "name", None) if isinstance(error, NameError) else None
    if isinstance(missing, str):
        return NAME_HINTS.get(missing, "")
    message = message_of(error)
    return next((hint for part, hint in MESSAGE_HINTS.items() if part in message), "")


def syntax_text(error, hint):
    """Where it is, the model's own line with a caret, and how to write it instead."""
    parts = [f"{name_of(error)}: {message_of(error)}"]
    line = (error.text or "").rstrip("\n")
    column = max(error.offset or 1, 1)
    if line.strip():
        start = max(column - 81, 0)
        label = f"  {error.lineno} | {'…' if start else ''}"
        shown = line[start : column + 40]
        before = "".join("\t" if sign == "\t" else " " for sign in line[start : column - 1])
        parts.append(f"{label}{shown}{'…' if column + 40 < len(line) else ''}")
        parts.append(f"{' ' * len(label)}{before}^")
    if hint:
        parts.append(hint)
    return "\n".join(parts)


def cut(text, limit):
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
