# How to write in Python what a model meant that thought of another language or of another system.
#
# Invariant: advice is a line that can be copied, with the model's own names in it, or says in words what to change.
import ast
import re
import sys

from calls import CallFuture
from context import Contexts, View
from corrections import corrected, with_await, with_text
from foreign import error_field, is_a, kind_name
from handles import Handle
from hits import Record
from host_errors import HostError
from slices import Slice
from spelling import ATTRIBUTES, IMPORTS, NAMES, RENAMES

NOT_WAITING = "It is no call: take the `await` away."
NOT_AWAITED = "It is a call that was not awaited: write value = await call, and use the value."
NOT_AWAITED_CHILD = "It is a child that was not awaited: its result comes with await."
ENDS = "A block ends after its last line: leave this out. What ends the task is done(value), the value being your answer."
RUNS_ALREADY = "The REPL's event loop is running already: take asyncio.run away and put `await` in front of what was in it."
# What other systems call the function that gives the answer.
ANSWERS = frozenset(
    "answer submit finish final final_answer finalize complete submit_answer give_answer return_answer set_answer "
    "provide_answer output_answer report_answer respond FINAL_ANSWER Final Finish Answer".split()
)
MESSAGE_HINTS = {
    "'await' outside": "`await` works at the top level and in async functions: write `async def`.",
    "'return' outside function": "A block is no function: end it with the value to see it, or give your answer with "
    "`await done(value)`.",
    "'yield' outside": "`yield wait(a, b)` waits as `await` does; to make values, write `def name():` with yield in it.",
    "object CallFuture can't be used": "Give the call to await as it is.",
    "can't be used in 'await' expression": NOT_WAITING,
    "can't be awaited": NOT_WAITING,
}
# What makes JSON of a value that is none, by how a refusal calls it.
AS_JSON = {
    "a set": "list({})",
    "a range": "list({})",
    "a Decimal": "float({})",
    "a date or time": "({}).isoformat()",
    "a timedelta": "({}).total_seconds()",
    "something to await": "await {}",
    "a dataclass": "vars({})",
}
# Attributes of collections: text on which they are used was probably meant to be parsed first.
NOT_OF_TEXT = ("get", "set", "has", "entries", "push", "shift", "unshift", "splice")
ATTRIBUTE_KINDS = (str, list, tuple, dict, set, int, float, bool, CallFuture, Handle, Record, Slice, View, Contexts)
FILE_ERRORS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
NETWORK_ERRORS = frozenset(
    "gaierror URLError ConnectionError ConnectionRefusedError ConnectError ConnectTimeout NewConnectionError "
    "MaxRetryError ClientConnectorError NameResolutionError".split()
)
NETWORK_MODULES = ("requests", "httpx", "aiohttp", "openai", "anthropic", "websockets", "selenium", "playwright")
TABLE_MODULES = ("pandas", "polars", "pyarrow", "duckdb")
# Names of host functions that read a file.
READS_FILES = ("readFile", "read_file")
# How libraries of tables are told what parts the values of a line.
SEPARATOR = re.compile(r"""\b(?:sep|delimiter|separator)\s*=\s*("[^"\n]{1,4}"|'[^'\n]{1,4}')""")
# Keys of a dict that an error names, and characters of each.
MOST_KEYS, LONGEST_KEY = 20, 80
LIBRARIES = "Python's own library is there (json, csv, re, statistics, collections)"


class Advisor:
    """Knows what an agent was given: its contexts, and the names of the functions of the host."""

    def __init__(self, contexts, functions):
        self._contexts = contexts
        self._functions = functions

    def hint_for(self, error, message, place):
        """What to do instead, for a name or a habit of another system; empty when there is nothing to say."""
        if is_a(error, HostError):
            return ""
        if is_a(error, SystemExit):
            return ENDS
        if is_a(error, NameError):
            return name_hint(plain_text(error_field(error, "name", NameError)), place)
        if is_a(error, AttributeError):
            value = error_field(error, "obj", AttributeError)
            hint = attribute_hint(value, plain_text(error_field(error, "name", AttributeError)), place)
            return hint or message_hint(message, place)
        hint = self._hint_of_surroundings(error, place) or message_hint(message, place)
        if hint or not is_a(error, (TypeError, ValueError)):
            return hint
        line = with_text(place)
        return f"Write: {line}" if line else ""

    def _hint_of_surroundings(self, error, place):
        """What there is instead of files, typing, libraries and the network."""
        name = kind_name(error)
        if is_a(error, EOFError):
            return joined("Nobody types here.", self._input())
        if is_a(error, FILE_ERRORS):
            return joined(self._files(plain_text(error_field(error, "filename", OSError))), self._input())
        if is_a(error, ModuleNotFoundError):
            return joined(self._instead_of(plain_text(error_field(error, "name", ImportError)), place), self._input())
        if name in NETWORK_ERRORS:
            return joined("There may be no network here.", self._input())
        line = "" if place is None else place.line()
        if is_a(error, IndexError) and "argv" in line:
            return joined("This code is given no arguments.", self._input())
        if is_a(error, KeyError) and "environ" in line:
            return joined("The environment holds nothing for this code.", self._input())
        if type(error) is KeyError:
            return keys_hint(error_field(error, "args"), place)
        return ""

    def _instead_of(self, module, place):
        """What may do in the place of a module that is not installed."""
        if module in NETWORK_MODULES:
            return f"It is not installed, and there may be no network here. {LIBRARIES}."
        instead = f"It is not installed. {LIBRARIES}."
        if module not in TABLE_MODULES or not self._contexts.is_one():
            return instead
        sign = "" if place is None else place.first_match(SEPARATOR)
        more = f", delimiter={sign}" if sign else ""
        other = "" if sign else "; another sign than the comma by delimiter"
        return f"{instead} For a table: import csv; rows = list(csv.DictReader(CONTEXT.lines(){more})){other}\n"

    def _files(self, path):
        reads = next((name for name in READS_FILES if name in self._functions), None)
        if reads is None:
            return ""
        return f"Files of the task are read by the host. Write: await {reads}({path[:200]!r})" + "\n"

    def _input(self):
        return self._contexts.described()


def keys_hint(missing, place):
    """The keys that there are, where a dict that a name holds has not the one that was asked for."""
    if len(missing) != 1 or type(missing[0]) is not str:
        return ""
    found = []

    def look(place, statement):
        for node in statement.nodes:
            if is_a(node, ast.Subscript) and is_a(node.value, ast.Name):
                value = place.value_of(node.value.id)
                if type(value) is dict and all(type(key) in (str, int) for key in list(value)[:MOST_KEYS]):
                    found.append((node.value.id, value))

    corrected(place, look)
    lacking = [(name, value) for name, value in found if missing[0] not in [key for key in value if type(key) is str]]
    if len(lacking) != 1:
        return ""
    name, value = lacking[0]
    shown = [repr(key[:LONGEST_KEY] if type(key) is str else key) for key in list(value)[:MOST_KEYS]]
    more = f" and {len(value) - MOST_KEYS} more" if len(value) > MOST_KEYS else ""
    return f"The keys of {name}: {', '.join(shown) or 'none'}{more}."


def name_hint(name, place):
    """What there is instead of a name that is not defined."""
    if name in ANSWERS:
        line = corrected(place, lambda place, statement: answer_with_done(statement, name, place.may_await()))
        return written("The answer is given with done, one value", line)
    line = corrected(place, lambda place, statement: rename(statement, name)) if name in RENAMES else ""
    if line:
        return written("This is Python", line)
    if name in NAMES:
        return NAMES[name]
    if name in sys.stdlib_module_names:
        return f"Write `import {name}` first."
    return f"Write `from {IMPORTS[name]} import {name}` first." if name in IMPORTS else ""


def answer_with_done(statement, name, may_await):
    for node in statement.nodes:
        if is_a(node, ast.Name) and node.id == name and is_call_of(statement.parents[node], node):
            call = statement.parents[node]
            values = [*call.args, *[keyword.value for keyword in call.keywords]]
            if len(values) != 1:
                continue
            awaits = may_await and not is_a(statement.parents[call], ast.Await)
            done = f"done({statement.source(values[0])})"
            statement.replace(statement.start(call), statement.end(call), f"await {done}" if awaits else done)


def rename(statement, name):
    for node in statement.nodes:
        if not is_a(node, ast.Name) or node.id != name:
            continue
        parent, known = statement.parents[node], RENAMES[name]
        if type(known) is str:
            statement.replace(statement.start(node), statement.end(node), known)
        elif is_a(parent, ast.Attribute) and parent.attr in known:
            statement.replace(statement.start(parent), statement.end(parent), known[parent.attr])


def is_call_of(node, function):
    return is_a(node, ast.Call) and node.func is function


def attribute_hint(value, name, place):
    """What Python has instead of a property or method that a value would have in JavaScript."""
    if is_a(value, (CallFuture, Handle)):
        return not_awaited(NOT_AWAITED_CHILD if is_a(value, Handle) else NOT_AWAITED, place)
    if is_a(value, (View, Slice)):
        line = with_text(place)
        if line:
            return f"Write: {line}"
    if type(value) is dict and any(type(key) is str and key == name for key in list(value)):
        return filled('{it}["' + name + '"]', name, place, "value")
    if type(value) in (int, float, bool) and not name.startswith("to"):
        return ""
    if type(value) is str and name in NOT_OF_TEXT:
        return ""
    if name in ATTRIBUTES and type(value) in ATTRIBUTE_KINDS:
        return filled(ATTRIBUTES[name], name, place, "text" if type(value) is str else "values")
    return ""


def filled(template, name, place, generic):
    """A template with the model's own expressions in it: `{it}` is what the attribute is of, `{args}` what it is given."""
    found = []

    def look(place, statement):
        for node in statement.nodes:
            if is_a(node, ast.Attribute) and node.attr == name:
                parent = statement.parents[node]
                args = parent.args if is_call_of(parent, node) else []
                found.append((statement.source(node.value), [statement.source(arg) for arg in args]))

    corrected(place, look)
    it, args = found[0] if found and len(found[0][0]) <= 80 else (generic, [])
    filling = {"it": it, "args": ", ".join(args) or "item", "range": ":".join(args[:2]) or "start:end"}
    return f"This is Python: write {template.format_map(filling)}."


def message_hint(message, place):
    if "asyncio.run() cannot be called" in message:
        return RUNS_ALREADY
    for part, hint in MESSAGE_HINTS.items():
        if part in message:
            return hint
    if "CallFuture" in message or "'coroutine'" in message or "coroutine object" in message:
        return not_awaited(NOT_AWAITED, place)
    if "Handle" in message:
        return not_awaited(NOT_AWAITED_CHILD, place)
    if "only JSON can be sent" in message:
        for sign, change in AS_JSON.items():
            if f" is {sign}" in message and ", at " not in message.split(" is ")[0]:
                line = corrected(place, lambda place, statement: send_as(statement, message, change, place.may_await()))
                reason = unchanged_by_await(line) if sign == "something to await" else ""
                return joined(reason, f"Write: {line}" if line else "")
    if "not from a thread" in message:
        line = corrected(place, lambda place, statement: side_by_side(statement))
        return f"Write: {line}" if line else ""
    if "delegate takes a short name" in message:
        line = corrected(place, lambda place, statement: name_child(statement))
        return f"Write: {line}" if line else ""
    return ""


def unchanged_by_await(line):
    """Why a name that was awaited before holds no answer yet."""
    found = re.search(r"\(await ([^\W\d]\w*)\)", line)
    return f"`await {found[1]}` on its own does not change `{found[1]}`." if found else ""


def is_call_named(node, name):
    return is_a(node, ast.Call) and getattr(node.func, "id", "") == name


def send_as(statement, message, change, may_await):
    """Changes what a call of the function that the message names is given, where it is given one value."""
    for node in statement.nodes:
        name = "done" if is_call_named(node, "FINAL") else getattr(getattr(node, "func", None), "id", "")
        if is_a(node, ast.Call) and is_a(node.func, ast.Name) and f" of {name} " in message:
            if len(node.args) == 1:
                start, end = statement.start(node.args[0]), statement.end(node.args[0])
                statement.replace(start, end, change.format(statement.source(node.args[0])))
                if may_await and not is_a(statement.parents[node], ast.Await):
                    statement.replace(statement.start(node), statement.start(node), "await ")


def side_by_side(statement):
    """The map of an executor of threads as calls beside each other."""
    for node in statement.nodes:
        if is_a(node, ast.Call) and is_a(node.func, ast.Attribute) and node.func.attr == "map" and len(node.args) > 1:
            args = ", ".join(statement.source(arg) for arg in node.args)
            statement.replace(statement.start(node), statement.end(node), f"await asyncio.gather(*map({args}))")


def name_child(statement):
    """Puts a name in front of a query and its data, which came alone."""
    for node in statement.nodes:
        if is_a(node, ast.Call) and is_a(node.func, ast.Name) and node.func.id == "delegate" and len(node.args) == 2:
            for arg, before in zip(node.args, ('"child", ', "context=")):
                statement.replace(statement.start(arg), statement.start(arg), before)


def not_awaited(reason, place):
    line = with_await(place)
    return joined(reason, f"Here:{start_of(line)}{line}" if line else "")


def written(reason, line):
    if not line:
        return f"{reason}."
    return f"{reason}. Write:{start_of(line)}{line}"


def start_of(lines):
    return "\n" if "\n" in lines else " "


def joined(*sentences):
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text.endswith("\n") else f" {sentence}"
    return text


def plain_text(text):
    return text if type(text) is str else ""
