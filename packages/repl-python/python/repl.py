# One REPL: blocks go in as source, activations come out.
#
# Owns: the namespace, the running block and the gate. Invariants: (1) calls and output are taken only while the gate
# is open, from `start` or `deliver` to the activation, so nothing that an ended block left behind reaches a later one; (2)
# every name of the REPL's own is put back at the start of each block; (3) an entry ends when nothing can go on; (4) of
# what code raises nothing leaves an entry, wherever it raises it.
import asyncio
import builtins
import sys
import threading
import types
import warnings

from block import LAST_VALUE, RUN, YIELDED, BlockRun, run_to_end, yielded
from chance import Chance
from children import ChildOutput
from clock import Clock, elapsed_seconds, fix_time
from context import Contexts, labelled_print
from errors import ErrorReport, Sources
from foreign import class_name, is_a, put_back, spoken
from habits import Advisor
from handles import Handles
from host_functions import HostFunctions
from interpreter import Interpreter
from limits import DEFAULT_LIMITS
from loop import ReplLoop
from output import CapturedStream, NoInput, OutputBuffer
from variables import Variables

STRAY_TEXT = 2_000
NO_INPUT = NoInput()
# Different failures of one block that are reported.
MOST_FAILURES = 10
MODULE = "__main__"
# Made for a terminal: they close the input that later blocks read.
CLOSING = ("exit", "quit")


class Repl:
    """The REPL of one agent. `read_context(key, start, end)` asks the host for text; `record` keeps what is written."""

    def __init__(self, spec, read_context, record):
        self._limits = {**DEFAULT_LIMITS, **spec.get("limits", {})}
        self._clock = Clock()
        self._chance = Chance(spec["seed"])
        self._output = OutputBuffer(self._limits["outputKept"], record)
        self._children = ChildOutput(self._output.write)
        self._streams = [CapturedStream(self._children, name) for name in ("<stdout>", "<stderr>")]
        self._loop = ReplLoop(self._clock, self._tell_stray)
        self._contexts = Contexts(spec["contexts"], read_context, self._output.write)
        self._sources = Sources(Advisor(self._contexts, spec["functions"]))
        self._interpreter = Interpreter()
        self._module = types.ModuleType(MODULE)
        self._namespace = self._module.__dict__
        self._modules = sys.modules
        self._variables = Variables(self._namespace, self._limits["variables"])
        for name in CLOSING:
            builtins.__dict__.pop(name, None)
        self._own_names = self._names(spec)
        self._add_other_names()
        self._shared = [(table, dict(table)) for table in (builtins.__dict__, asyncio.__dict__, sys.modules)]
        self._block = None
        self._variables.hide([*self._own_names, LAST_VALUE])
        fix_time(self._clock, self._namespace)
        self._children.install()
        warnings.showwarning = self._tell_warning
        threading.excepthook = lambda failure: self._tell_aside("a thread failed", failure.exc_value)
        sys.unraisablehook = lambda failure: self._tell_aside("a finalizer or a thread failed", failure.exc_value)
        self._namespace.update(spec["globals"])

    def start(self, block):
        """Begins a block: runs it as far as it goes without the host. What an earlier one had open is dropped."""
        self._loop.start_block()
        self._restore_names()
        self._variables.start_block()
        self._contexts.start_block()
        self._output.reset()
        self._chance.start_block(block["id"])
        filename = self._sources.add(block["id"], block["code"])
        self._block = BlockRun(block["id"], self._loop, self._limits)
        return self._enter(
            block["now"],
            lambda: self._block.run(block["code"], filename, self._namespace, block.get("hint", "")),
        )

    def deliver(self, answer):
        """Gives the running block the answer to one of its calls. From here on only code keeps the answer's value."""
        return self._enter(
            answer["now"],
            lambda: self._loop.call_soon(self._block.calls.deliver, answer["index"], answer.pop("outcome")),
        )

    def _enter(self, now, begin):
        started = elapsed_seconds()
        self._clock.move_to(now)
        self._interpreter.wake()
        self._output.open = True
        begin()
        block = self._block
        try:
            self._loop.drain(block.is_over, block.waits_for_host)
            self._children.drain()
        finally:
            self._interpreter.rest()
            # What serves the REPL looks there too.
            for table, names in self._shared:
                put_back(table, names)
        if block.is_over():
            self._report_failures("a task failed and nobody awaited it", self._loop.take_failures(block.is_main))
            self._tell_taken_names()
            self._report_failures("a call was not made and nobody awaited it", block.calls.take_refusals())
        state = block.state(self._sources, self._left)
        if state["kind"] == "ended" and state["echo"] is None and self._output.is_unused():
            self._output.write("".join(f"{miss}\n" for miss in self._contexts.missed()))
        self._output.open = False
        self._interpreter.sleep()
        return self._activation(state, started)

    def _activation(self, state, started):
        text, kept, total = self._output.take()
        cut = {} if kept == total else {"outputCut": {"kept": kept, "total": total}}
        code_ms = max(0, (elapsed_seconds() - started) * 1000)
        return self._block.calls.take_unsent(), {"output": text, **cut, "codeMs": code_ms, "state": state}

    def _left(self):
        reads = [
            {"key": payload.key, "start": start, "end": end}
            for payload in self._contexts.all_payloads()
            for start, end in payload.reads
        ]
        return {"variables": self._variables.summarize(), "reads": reads}

    def _names(self, spec):
        handles = Handles(self._loop, self._issue, self._refuse, lambda: self._block.id)
        host = self._host = HostFunctions(self._loop, self._issue, self._refuse, handles, self._limits)
        return {
            **{name: host.tool(name) for name in spec["functions"]},
            "__name__": MODULE,
            "__builtins__": builtins,
            YIELDED: yielded,
            RUN: self._run_to_end,
            "asyncio": asyncio,
            "print": labelled_print,
            "delegate": host.delegate,
            "wait": host.wait,
            "llm_query": host.llm_query,
            "llm_query_batched": host.llm_query_batched,
            "done": host.done,
            "CONTEXT": self._contexts,
            "VARIABLES": self._variables.listed,
            "AGENT_ID": spec["agentId"],
            "DEPTH": spec["depth"],
            "MAX_DEPTH": spec["maxDepth"],
        }

    def _run_to_end(self, value):
        """Stands in for asyncio.run(value) at the top level of a block."""
        value = run_to_end(value)
        self._contexts.say("the REPL's event loop is running already: asyncio.run(main()) is taken as `await main()`.")
        return value

    def _add_other_names(self):
        """What other systems call names of the REPL's own: known until code sets the name itself."""
        own = self._own_names
        others = {
            "context": own["CONTEXT"],
            "llmQuery": own["llm_query"],
            "llmQueryBatched": own["llm_query_batched"],
            "FINAL": own["done"],
            "FINAL_VAR": self._host.done_with_variable(self._namespace),
            "SHOW_VARS": own["VARIABLES"],
        }
        builtins.__dict__.update({name: value for name, value in others.items() if name not in own})

    def _restore_names(self):
        put_back(self._namespace, self._own_names)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = self._streams
        sys.stdin = sys.__stdin__ = NO_INPUT
        sys.modules = self._modules
        put_back(self._modules, {MODULE: self._module})

    def _issue(self, call):
        if not self._output.open or self._block is None:
            raise RuntimeError("this block has ended")
        return self._block.calls.issue(call)

    def _refuse(self, reason, use):
        if self._block is not None:
            self._block.calls.note_refusal(reason, use)

    def _tell_stray(self, error):
        self._report_failures("a task failed and nobody awaited it", [error])

    def _tell_aside(self, what, error):
        """What Python itself would write of an error that no code can catch. An exit ends a thread, and nothing else."""
        if error is not None and not is_a(error, SystemExit):
            self._report_failures(what, [error])

    def _report_failures(self, what, errors):
        """Writes each different failure once, with its count."""
        counts = {}
        for error in errors:
            text = ErrorReport(error, self._sources, STRAY_TEXT).text
            counts[text] = counts.get(text, 0) + 1
        for text, count in list(counts.items())[:MOST_FAILURES]:
            often = "" if count == 1 else f" ({count} times)"
            self._output.write(f"Warning: {what}{often}: {text}\n")
        if len(counts) > MOST_FAILURES:
            self._output.write(f"Warning: the same in {len(counts) - MOST_FAILURES} other ways\n")

    def _tell_taken_names(self):
        """Names of the REPL's own that the block has set: its values there are gone with it."""
        held = {name: value for name, value in list(self._namespace.items()) if type(name) is str}
        taken = [
            name
            for name, own in self._own_names.items()
            if name.isidentifier() and not name.startswith("__") and held.get(name, own) is not own
        ]
        if taken:
            are = "is a name of the REPL" if len(taken) == 1 else "are names of the REPL"
            self._output.write(
                f"Note: {', '.join(taken)} {are} and restored in your next block: "
                "keep your own values under other names.\n"
            )

    def _tell_warning(self, message, category, filename, lineno, file=None, line=None):
        if category is SyntaxWarning:
            return
        text, failure = spoken(str, message)
        self._output.write(f"{class_name(category)}: {text if failure is None else f'<{failure}>'}\n")
