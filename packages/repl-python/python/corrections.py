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
from payload import MAX_READ
from slices import Slice

# What takes lines, where it is given the input.
TAKES_LINES = frozenset(
    "reader DictReader enumerate iter list tuple set sorted reversed map filter zip any all Counter islice "
    "writelines executemany extend".split()
)
# What takes CONTEXT as it is.
TAKES_CONTEXT = frozenset("print len type isinstance repr id bool dir hasattr getattr callable vars help".split())
CALL, MADE, CHILD, CHILDREN = "call", "call made before", "child", "children"
TEXT, FUNCTION = "text", "function"
OWN_GLOBALS = globals()


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
            if kind not in (CALL, CHILD, CHILDREN, MADE) or is_a(parents[node], ast.Await):
                continue
            if is_a(parents[node], (ast.Call, ast.Starred)) and is_passed_on(parents[node], node, self._place):
                continue
            if is_a(parents[node], ast.Subscript) and known_kind(parents[node], self._place) is not None:
                continue
            if kind == CHILDREN and is_a(parents[node], (ast.Call, ast.keyword)):
                self._statement.replace(self._statement.start(node), self._statement.start(node), "await wait(*")
                self._statement.replace(self._statement.end(node), self._statement.end(node), ")")
            elif kind == CHILDREN:
                continue
            elif kind == MADE:
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
            is_own = hasattr(Slice if self._is_slice(node) else Contexts, parent.attr)
            return ".text()" if hasattr(str, parent.attr) and not is_own else ""
        call = self._statement.parents[parent] if is_a(parent, ast.keyword) else parent
        if is_a(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in TAKES_CONTEXT or known_kind(call.func, self._place) == FUNCTION:
                return ""
            return lines if name in TAKES_LINES else ".text()"
        if is_a(parent, (ast.For, ast.comprehension)):
            return lines if parent.iter is node else ""
        if is_a(parent, ast.Starred):
            return lines
        if is_a(parent, ast.Subscript):
            return ".text()" if self._is_slice(node) and parent.value is node else ""
        return ".text()" if is_a(parent, (ast.BinOp, ast.AugAssign, ast.Compare, ast.FormattedValue)) else ""

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
    if type(value) in (list, tuple) and value:
        return MADE if type(value[0]) is CallFuture else CHILDREN if type(value[0]) is Handle else None
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


def shown_values(statement):
    """The calls whose value a statement keeps or shows by itself: it is of no use there before it is awaited."""
    value = getattr(statement, "value", None)
    if not is_a(statement, (ast.Assign, ast.AugAssign, ast.Expr)) or not is_a(value, ast.Call):
        return []
    prints = is_a(value.func, ast.Name) and value.func.id == "print"
    return [value, *(arg for arg in value.args if prints and is_a(arg, ast.Call))]


def with_text(place):
    """The statement with the text of CONTEXT and of slices in the place of what stands for it, its call awaited."""

    def change(place, statement):
        Reading(place, statement).change()
        if not statement.is_changed() or not place.may_await():
            return
        for value in shown_values(statement.node):
            if known_kind(value, place) == CALL:
                statement.replace(statement.start(value), statement.start(value), "await ")

    return corrected(place, change)
