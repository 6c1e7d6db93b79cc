# One run of a block: how its code is compiled, how far it has come.
import ast
from asyncio import CancelledError
from inspect import CO_COROUTINE
from types import CoroutineType

from calls import CallFuture, Calls
from errors import ErrorReport
from foreign import error_field, has_method, is_a, kind_name
from formatting import echo_of
from parsing import parse_block

# No name of code's own: where the value of a last expression is kept until it is shown.
LAST_VALUE = "<last value>"
# Nor these: what makes sure that a value behind `yield`, or in asyncio.run, can be waited for.
YIELDED = "<yielded>"
RUN = "<run>"
ANSWERING = ("done", "FINAL", "FINAL_VAR")
STOP_ITERATION_LEFT = "coroutine raised StopIteration"
# What a text may fail with that is no Python.
SYNTAX_FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class TopLevelWaits(ast.NodeTransformer):
    """
    `yield` at the top level means `await`: some systems wait for children that way. So does asyncio.run(main()), by
    which programs begin, and `return done(value)`.
    """

    def visit(self, node):
        if isinstance(node, SCOPES + COMPREHENSIONS):
            return node
        node = self.generic_visit(node)
        if isinstance(node, (ast.Yield, ast.YieldFrom)) and node.value is not None:
            return awaiting(node, YIELDED, node.value)
        if isinstance(node, ast.Call) and is_runner(node.func) and node.args:
            return awaiting(node, RUN, node.args[0])
        if isinstance(node, ast.Return) and (call := answer_in(node.value)) is not None:
            return ast.copy_location(ast.Expr(value=ast.copy_location(ast.Await(value=call), node)), node)
        return node


def answer_in(value):
    """The call in `return done(value)`, awaited or not; None for anything else that is returned."""
    call = value.value if isinstance(value, ast.Await) else value
    is_answer = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ANSWERING
    return call if is_answer else None


def is_runner(function):
    """Whether an expression is asyncio.run, or the method by which loops run something to its end."""
    if not isinstance(function, ast.Attribute):
        return False
    is_asyncio = isinstance(function.value, ast.Name) and function.value.id == "asyncio"
    return function.attr == "run_until_complete" or (function.attr == "run" and is_asyncio)


def awaiting(node, function, value):
    """In the place of a node `await function(value)`."""
    name = ast.copy_location(ast.Name(id=function, ctx=ast.Load()), node)
    call = ast.copy_location(ast.Call(func=name, args=[value], keywords=[]), node)
    return ast.copy_location(ast.Await(value=call), node)


def yielded(value):
    """The value, if it can be awaited."""
    if is_a(value, CoroutineType) or has_method(value, "__await__"):
        return value
    raise TypeError(
        f"`yield` at the top level of a block means `await`, and {kind_name(value)} is nothing to wait for: write "
        "print(value) to see a value, `results = await wait(*handles)` for children, or a `def` with yield in it"
    )


def run_to_end(value):
    """The value of asyncio.run, if it can be awaited."""
    if is_a(value, CoroutineType) or has_method(value, "__await__"):
        return value
    raise TypeError(f"asyncio.run takes a coroutine, not {kind_name(value)}")


def compile_block(code, filename):
    """The block as code that keeps the value of a last expression. Raises what Python's own parser raises."""
    tree = TopLevelWaits().visit(parse_block(code, filename)[0])
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        target = ast.copy_location(ast.Name(id=LAST_VALUE, ctx=ast.Store()), last)
        tree.body[-1] = ast.copy_location(ast.Assign(targets=[target], value=last.value), last)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(tree, filename, "exec", flags=flags, dont_inherit=True)


class BlockRun:
    """See the head of this part. `loop` runs it; `namespace` is what it sets names in."""

    def __init__(self, block_id, loop, limits):
        self.id = block_id
        self.calls = Calls(limits)
        self._loop = loop
        self._limits = limits
        self._main = None
        self._failure = None
        self._hint = ""
        self._report = None
        self._echo = None
        self._reported = False

    def run(self, code, filename, namespace, hint):
        """Makes the main code ready to run. Never raises for anything the code is."""
        try:
            compiled = compile_block(code, filename)
        except BaseException as error:
            # Other errors are of code that has changed what Python itself compiles with.
            self._failure, self._hint = error, hint if is_a(error, SYNTAX_FAILURES) else ""
            return
        self._main = self._loop.create_task(run_main(compiled, namespace), name="block")

    def is_over(self):
        """True when the main code has ended, or never began."""
        return self._main is None or self._main.done()

    def waits_for_host(self):
        return self.calls.unanswered > 0

    def is_main(self, task):
        return task is self._main

    def state(self, sources, left):
        """How the block stands. `left` gives what is told of a block that is over."""
        if not self.is_over():
            return {"kind": "idle"}
        self._report_once(sources)
        rest = {**left(), "unawaited": self.calls.unawaited()}
        if self._report is None:
            return {"kind": "ended", "echo": self._echo, **rest}
        syntax = self._failure is not None and is_a(self._failure, SYNTAX_FAILURES)
        return {"kind": "threw", "error": self._report.data, "text": self._report.text, "syntax": syntax, **rest}

    def _report_once(self, sources):
        if self._reported:
            return
        self._reported = True
        error = self._error()
        if error is not None:
            self._report = ErrorReport(error, sources, self._limits["errorText"], self._hint)
        elif self._main is not None and self._main.result()[0] is not None:
            self._echo = echo_of(self._main.result()[0])

    def _error(self):
        if self._main is None:
            return self._failure
        if self._main.cancelled():
            return CancelledError("the block cancelled itself before it ran")
        return self._main.result()[1]


async def run_main(compiled, namespace):
    """
    Runs the main code; gives the value of its last expression, awaited where that is what it is for, and what the code
    raised. An error is handed over as a value: raised, some would be changed or taken for the loop's own.
    """
    try:
        namespace.pop(LAST_VALUE, None)
        # The main code as a coroutine, where it awaits.
        value = eval(compiled, namespace)
        if compiled.co_flags & CO_COROUTINE:
            await value
        last = namespace.pop(LAST_VALUE, None)
        return (await last if is_a(last, (CoroutineType, CallFuture)) else last), None
    except BaseException as error:
        return None, as_raised(error, compiled)


def as_raised(error, compiled):
    """The error of the main code. Where that awaits, Python makes a RuntimeError of a StopIteration that leaves it."""
    cause = error_field(error, "__cause__")
    if type(error) is not RuntimeError or not is_a(cause, StopIteration) or str(error) != STOP_ITERATION_LEFT:
        return error
    outermost = error_field(cause, "__traceback__")
    return cause if outermost is not None and outermost.tb_frame.f_code is compiled else error
