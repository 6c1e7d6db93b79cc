# The event loop of one REPL.
#
# Owns: what is ready to run, timers, work given to threads. Does not own: when it runs: `drain` runs all there is
# and returns when nothing can go on without the host. Invariants: (1) callbacks run in the order in which they
# became ready; (2) a timer runs when time has come to it: moved by an answer, or, where the block waits for timers
# alone, at once, time moving with it; (3) `drain` waits for threads as long as the main code has not ended; (4) what
# an earlier block had scheduled or given to a thread does nothing in a later one; (5) whatever a callback raises, the
# loop goes on.
import sys

# asyncio does without TLS, which a loop without network has no use for and which takes long to load.
sys.modules["ssl"] = None
import asyncio

del sys.modules["ssl"]
import collections
import concurrent.futures
import queue
import threading
from asyncio import Future, Task, _set_running_loop, iscoroutine
from contextvars import copy_context
from heapq import heappop, heappush
from threading import get_ident
from types import CoroutineType

from clock import LONGEST_SLEEP
from foreign import has_method, is_a, kind_name
from interpreter import insist, unhook

NO_IO = (
    "the event loop of this REPL has no network and no processes of its own; make the blocking call, "
    "with await asyncio.to_thread(function) where others should go on beside it"
)
RUNNING = "the REPL's event loop is running already: write `await main()` instead of asyncio.run(main())"


async def awaited(value):
    """A coroutine for anything that can be awaited."""
    return await value


class Scheduled:
    """A callback that is to run: what asyncio calls a handle. `when` is that of a timer."""

    __slots__ = ("_callback", "_args", "_context", "_when", "_cancelled")

    def __init__(self, callback, args, context, when=None):
        self._callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._when = when
        self._cancelled = False

    def cancel(self):
        self._cancelled = True

    def cancelled(self):
        return self._cancelled

    def when(self):
        return self._when

    def run(self):
        self._context.run(self._callback, *self._args)


class ReplLoop(asyncio.AbstractEventLoop):
    """See the head of this part. `on_stray` is told of errors that nobody is left to handle."""

    def __init__(self, clock, on_stray):
        self._clock = clock
        self._on_stray = on_stray
        self._main_thread = get_ident()
        self._ready = collections.deque()
        self._timers = []
        self._timer_count = 0
        self._arrivals = queue.SimpleQueue()
        self._executor = None
        self._block = 0
        self._jobs = 0
        self._tasks = []
        self._abandoned = []
        sys.set_asyncgen_hooks(finalizer=self._close_generator)

    # For the REPL.

    def start_block(self):
        """A new block begins; what earlier ones left waits for ever, and nobody is told."""
        self._block += 1
        self._jobs = 0
        self._ready.clear()
        self._timers.clear()
        self._abandoned.extend(task for task in self._tasks if not task.done())
        self._tasks = []

    def drain(self, is_main_over, waits_for_host):
        """Runs until nothing can go on without the host."""
        _set_running_loop(self)
        try:
            while self._step(is_main_over, waits_for_host):
                pass
        finally:
            _set_running_loop(None)

    def take_failures(self, is_main):
        """The errors of tasks beside the main code that failed and that nobody looked at, each once."""
        failures = []
        for task in self._tasks:
            if not is_main(task) and task.done() and not task.cancelled() and task._log_traceback:
                failures.append(task.exception())
        return failures

    def _step(self, is_main_over, waits_for_host):
        self._take_arrivals()
        while self._timers and self._timers[0][2].cancelled():
            heappop(self._timers)
        if self._ready:
            self._run(self._ready.popleft())
        elif self._timers and self._timers[0][0] <= self.time():
            self._ready.append(heappop(self._timers)[2])
        elif is_main_over():
            return False
        elif self._jobs > 0:
            self._take(self._arrivals.get())
        elif self._timers and self._timers[0][0] - self.time() <= LONGEST_SLEEP and not waits_for_host():
            when = self._timers[0][0]
            self._clock.move_by(when - self.time())
            self._ready.append(heappop(self._timers)[2])
        else:
            return False
        return True

    def _run(self, handle):
        if handle.cancelled():
            return
        try:
            handle.run()
        except (SystemExit, KeyboardInterrupt):
            # A task that raises them is over, and its error is found like any other.
            pass
        except BaseException as error:
            self._on_stray(error)
        finally:
            insist(unhook)

    def _close_generator(self, generator):
        """An asynchronous generator that nobody will ask again ends as asyncio has it: in a task of its own."""
        if get_ident() == self._main_thread:
            self.create_task(generator.aclose())

    def _take_arrivals(self):
        while not self._arrivals.empty():
            self._take(self._arrivals.get())

    def _take(self, arrival):
        block, handle, future, job = arrival
        if handle is not None:
            self._ready.append(handle)
        if block != self._block or job is None:
            return
        self._jobs -= 1
        if future.done():
            return
        if job.cancelled():
            future.cancel()
        elif job.exception() is not None:
            future.set_exception(job.exception())
        else:
            future.set_result(job.result())

    # What asyncio asks of a loop.

    def time(self):
        return self._clock.seconds()

    def call_soon(self, callback, *args, context=None):
        if get_ident() != self._main_thread:
            raise RuntimeError("use call_soon_threadsafe from another thread")
        handle = Scheduled(callback, args, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(self, callback, *args, context=None):
        handle = Scheduled(callback, args, context)
        self._arrivals.put((self._block, handle, None, None))
        return handle

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        when = float(when)
        timer = Scheduled(callback, args, context, when)
        self._timer_count += 1
        heappush(self._timers, (when, self._timer_count, timer))
        return timer

    def create_future(self):
        return Future(loop=self)

    def create_task(self, coro, *, name=None, context=None, **options):
        if type(coro) is not CoroutineType and not iscoroutine(coro):
            if not has_method(coro, "__await__"):
                raise TypeError(f"a coroutine was expected, not {kind_name(coro)}")
            coro = awaited(coro)
        if context is not None:
            options["context"] = context
        task = Task(coro, loop=self, name=name, **options)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor, function, *args):
        if executor is None:
            self._executor = self._executor or concurrent.futures.ThreadPoolExecutor()
            executor = self._executor
        block, future = self._block, self.create_future()
        job = executor.submit(function, *args)
        self._jobs += 1
        job.add_done_callback(lambda job: self._arrivals.put((block, None, future, job)))
        return future

    def set_default_executor(self, executor):
        self._executor = executor

    def call_exception_handler(self, context):
        error = context.get("exception")
        if is_a(error, BaseException):
            self._on_stray(error)

    default_exception_handler = call_exception_handler

    def set_exception_handler(self, handler):
        pass

    def get_exception_handler(self):
        return None

    def get_debug(self):
        return False

    def set_debug(self, enabled):
        pass

    def get_task_factory(self):
        return None

    def set_task_factory(self, factory):
        pass

    def is_running(self):
        return True

    def is_closed(self):
        return False

    async def shutdown_asyncgens(self):
        pass

    async def shutdown_default_executor(self, timeout=None):
        pass


def refusing(message):
    def refuse(self, *args, **options):
        # A coroutine that was made for this call will never run: it is no news that it was not awaited.
        for value in args:
            if type(value) is CoroutineType:
                value.close()
        raise RuntimeError(message)

    return refuse


for method in ("run_forever", "run_until_complete", "stop", "close"):
    setattr(ReplLoop, method, refusing(RUNNING))
for method in dir(asyncio.AbstractEventLoop):
    if getattr(ReplLoop, method) is getattr(asyncio.AbstractEventLoop, method) and not method.startswith("_"):
        setattr(ReplLoop, method, refusing(NO_IO))
