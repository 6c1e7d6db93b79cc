# The line of the model's own that failed, written as it was meant: advice that can be copied.
#
# Invariants: (1) nothing of the code's runs: names are looked up, and values known by their type; (2) what is given is
# Python again, short, and differs from the line; else nothing is given.
import ast
from inspect import CO_COROUTINE
from types import CoroutineType, FunctionType, MethodType

from calls import CallFuture
from context import Contexts, View, labelled_print
from foreign import is_a
from handles import Handle
from parsing import parse_block
from payload import MAX_READ
from slices import Slice

MOST_LINES = 6
MOST_CHARACTERS = 400
# Characters of a block that is parsed once more for the sake of a hint.
MOST_CODE = 200_000
# What takes lines, where it is given the input.
TAKES_LINES = frozenset(
    "reader DictReader enumerate iter list tuple set sorted reversed map filter zip any all Counter islice "
    "writelines executemany extend".split()
)
# What takes CONTEXT as it is.
TAKES_CONTEXT = frozenset("print len type isinstance repr id bool dir hasattr getattr callable vars help".split())
TOP_LEVEL_NAMES = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>")
CALL, MADE, CHILD, TEXT, FUNCTION = "call", "call made before", "child", "text", "function"
OWN_GLOBALS = globals()


class Place:
    """Where an error arose: the line of a block, and the frame that was running it."""

    def __init__(self, code, filename, number, frame):
        self._code = code
        self._filename = filename
        self._number = number
        self._frame = frame

    def may_await(self):
        """Whether `await` can stand there."""
        code = self._frame.f_code
        return bool(code.co_flags & CO_COROUTINE) or code.co_name in TOP_LEVEL_NAMES

    def value_of(self, name):
        for names in (self._frame.f_locals, self._frame.f_globals, self._frame.f_builtins):
            if name in names:
                return names[name]
        return None

    def line(self):
        """The line that failed, as it stands."""
        lines = self._code.splitlines()
        return lines[self._number - 1].strip() if 0 < self._number <= len(lines) else ""

    def statement(self):
        """What failed, ready to be written anew; None where it is too long or not to be found."""
        return self._last_statement(lambda node: node.lineno <= self._number <= node.end_lineno)

    def assignment(self, name):
        """The last statement before it that sets a name by itself, and the value's node; or None twice."""
        def sets(node):
            targets = node.targets if is_a(node, ast.Assign) else ()
            return node.lineno <= self._number and len(targets) == 1 and getattr(targets[0], "id", None) == name

        statement = self._last_statement(sets)
        return (None, None) if statement is None else (statement, statement.node.value)

    def _last_statement(self, is_wanted):
        if len(self._code) > MOST_CODE:
            return None
        tree, text = parse_block(self._code, self._filename)
        found = None
        for node in ast.walk(tree):
            if is_a(node, ast.stmt) and is_wanted(node) and (found is None or node.lineno >= found.lineno):
                found = node
        if found is None:
            return None
        body = getattr(found, "body", None)
        last = max(body[0].lineno - 1, found.lineno) if body else found.end_lineno
        return Statement(tree, text, found, last) if last - found.lineno < MOST_LINES else None


class Statement:
    """Some lines of code, and what is to be changed in them."""

    def __init__(self, tree, text, node, last):
        first = self._first = node.lineno
        self._lines = text.encode().split(b"\n")[first - 1 : last]
        self.node = node
        self.nodes = []
        self.parents = {}
        for parent in ast.walk(tree):
            for node in ast.iter_child_nodes(parent):
                self.parents[node] = parent
                if is_a(node, ast.expr) and first <= node.lineno and node.end_lineno <= last:
                    self.nodes.append(node)
        self._edits = []

    def start(self, node):
        return self._offset(node.lineno, node.col_offset)

    def end(self, node):
        return self._offset(node.end_lineno, node.end_col_offset)

    def source(self, node):
        return self._text()[self.start(node) : self.end(node)].decode()

    def replace(self, start, end, text):
        self._edits.append((start, end, text.encode()))

    def written(self):
        """The lines with all changes; empty where nothing came of them."""
        return self.shown() if self._edits else ""

    def shown(self):
        """The lines as they are now; empty where they are no Python, or too long."""
        text = self._text()
        for start, end, part in sorted(self._edits, key=lambda edit: edit[:2], reverse=True):
            text = text[:start] + part + text[end:]
        lines = text.decode().rstrip().split("\n")
        margin = len(lines[0]) - len(lines[0].lstrip())
        written = "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)
        shown = f"{written}\n  pass" if written.endswith(":") else written
        parse_block(shown.removeprefix("el"), "<correction>")
        return written if len(written) <= MOST_CHARACTERS else ""

    def _text(self):
        return b"\n".join(self._lines)

    def _offset(self, line, column):
        place = line - self._first
        return sum(len(text) + 1 for text in self._lines[:place]) + column


class Awaiting:
    """Writes `await` in front of calls and children that a statement uses as values."""

    def __init__(self, place, statement):
        self._place = place
        self._statement = statement
        # Names whose calls were made before: their answers are lost with the block, so they must be made again.
        self._made_before = {}

    def written(self):
        parents = self._statement.parents
        for node in self._statement.nodes:
            kind = known_kind(node, self._place)
            if kind not in (CALL, CHILD, MADE) or is_a(parents[node], ast.Await):
                continue
            if is_a(parents[node], (ast.Call, ast.Starred)) and is_passed_on(parents[node], node, self._place):
                continue
            if kind == MADE:
                self._made_before[node.id if is_a(node, ast.Name) else node.value.id] = node
            else:
                self._wrap(node, kind == CHILD)
        if not self._made_before:
            return self._statement.written()
        again = [self._made_again(name) for name in self._made_before]
        return "\n".join([*again, self._statement.shown()]) if all(again) else ""

    def _made_again(self, name):
        statement, value = self._place.assignment(name)
        if statement is None or statement.node is self._statement.node:
            return ""
        start, end = statement.start(value), statement.end(value)
        if is_a(value, ast.Call):
            statement.replace(start, start, "await ")
        elif is_a(value, ast.ListComp) and known_kind(value.elt, self._place) == CALL:
            statement.replace(start, start, "await asyncio.gather(*")
            statement.replace(end, end, ")")
        return statement.written()

    def _wrap(self, node, is_child):
        statement, parents = self._statement, self._statement.parents
        start, end = statement.start(node), statement.end(node)
        parent = parents[node]
        if is_child and is_a(parent, ast.Attribute):
            # A child has nothing but its result.
            outer = parents[parent] if is_a(parents[parent], ast.Call) and parents[parent].func is parent else parent
            statement.replace(end, statement.end(outer), "")
            parent = parents[outer]
        stands_alone = is_a(parent, (ast.Call, ast.keyword, ast.Assign, ast.Return, ast.Expr, ast.FormattedValue, ast.For))
        opening, closing = ("await ", "") if stands_alone else ("(await ", ")")
        statement.replace(start, start, opening)
        statement.replace(end, end, closing)


class Reading:
    """Writes what reads CONTEXT, or a slice of it, where a statement uses it as a text or as a list of lines."""

    def __init__(self, place, statement):
        self._place = place
        self._statement = statement

    def change(self):
        for node in self._statement.nodes:
            how = self._how(node) if known_kind(node, self._place) == TEXT else ""
            if how:
                end = self._statement.end(node)
                if self._statement.source(node)[-1:] in ")]" or is_a(node, ast.Name):
                    self._statement.replace(end, end, how)

    def _how(self, node):
        parent = self._statement.parents[node]
        lines = ".text().splitlines()" if self._is_slice(node) else ".lines()"
        if is_a(parent, ast.Attribute):
            return "" if hasattr(Slice if self._is_slice(node) else Contexts, parent.attr) else ".text()"
        if is_a(parent, ast.Call):
            name = getattr(parent.func, "attr", getattr(parent.func, "id", ""))
            if name in TAKES_CONTEXT or known_kind(parent.func, self._place) == FUNCTION:
                return ""
            return lines if name in TAKES_LINES else ".text()"
        if is_a(parent, (ast.For, ast.comprehension)):
            return lines if parent.iter is node else ""
        if is_a(parent, ast.Starred):
            return lines
        if is_a(parent, ast.Subscript):
            return ".text()" if self._is_slice(node) and parent.value is node else ""
        return ".text()" if is_a(parent, (ast.BinOp, ast.AugAssign, ast.Compare, ast.FormattedValue, ast.keyword)) else ""

    def _is_slice(self, node):
        if is_a(node, ast.Name):
            return is_a(self._place.value_of(node.id), Slice)
        return not is_a(node, ast.Call) or getattr(node.func, "attr", "") == "slice"


def is_passed_on(call, node, place):
    """Whether an argument of a call may be what is to be awaited: wait(handle), asyncio.gather(call)."""
    if is_a(call, ast.Starred):
        return True
    if call.func is node:
        return False
    if is_a(call.func, ast.Attribute):
        return call.func.attr in ("gather", "wait", "append", "create_task", "ensure_future", "wait_for", "add")
    return known_kind(call.func, place) == FUNCTION and is_a(call.func, ast.Name) and call.func.id in ("wait", "delegate")


def known_kind(node, place):
    """What the value of an expression is, where that can be said without running it; else None."""
    if is_a(node, ast.Name):
        return kind_of_value(place.value_of(node.id))
    if is_a(node, ast.Subscript):
        return kind_of_item(node, place)
    if not is_a(node, ast.Call):
        return None
    if is_a(node.func, ast.Attribute) and known_kind(node.func.value, place) == TEXT:
        return TEXT if node.func.attr in ("get", "slice") else None
    if is_a(node.func, ast.Name) and known_kind(node.func, place) == FUNCTION:
        return CHILD if node.func.id == "delegate" else CALL
    return None


def kind_of_item(node, place):
    holder = place.value_of(node.value.id) if is_a(node.value, ast.Name) else None
    key = node.slice.value if is_a(node.slice, ast.Constant) else None
    if type(holder) in (list, tuple) and type(key) is int and -len(holder) <= key < len(holder):
        return kind_of_value(holder[key])
    if type(holder) is dict and type(key) is str:
        return kind_of_value(next((value for name, value in dict.items(holder) if type(name) is str and name == key), None))
    return TEXT if type(holder) is Contexts and type(key) is str else None


def kind_of_value(value):
    if is_a(value, CallFuture):
        return MADE
    if is_a(value, CoroutineType):
        return CALL
    if is_a(value, Handle):
        return CHILD
    if is_a(value, View):
        return TEXT if value.is_one() and len(value) <= MAX_READ else None
    if is_a(value, Slice):
        return TEXT if value.length <= MAX_READ else None
    if value is labelled_print:
        return None
    function = value.__func__ if type(value) is MethodType else value
    if type(function) is FunctionType:
        is_own = function.__globals__ is OWN_GLOBALS and not (type(value) is MethodType and is_a(value.__self__, View))
        return FUNCTION if is_own or function.__code__.co_flags & CO_COROUTINE else None
    return None


def corrected(place, change):
    """
    The statement that failed as `change(place, statement)` has it written, or what that gives; empty where there is none.
    """
    try:
        statement = None if place is None else place.statement()
        if statement is None:
            return ""
        return change(place, statement) or statement.written()
    except BaseException:
        # Code may have made of its names whatever it likes.
        return ""


def with_await(place):
    """The statement with every call and child in it awaited, where that can be done there."""
    if place is None or not place.may_await():
        return ""
    return corrected(place, lambda place, statement: Awaiting(place, statement).written())


def with_text(place):
    """The statement with the text of CONTEXT and of slices in the place of what stands for it."""
    return corrected(place, lambda place, statement: Reading(place, statement).change())
