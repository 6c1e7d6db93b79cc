# What code can set of the interpreter that the REPL runs on too.
#
# Owns: hooks, limits, signals and the collector of cycles while no code runs. Invariants: (1) after `rest` none of the
# code's functions is called by the interpreter itself, and after `sleep` none of its finalizers by the collector; (2)
# the REPL has the depth of calls that it began with. A timer that runs while code waits for the host is lost.
import _signal
import sys
from _signal import getsignal, set_wakeup_fd, setitimer
from gc import disable as stop_collecting
from gc import enable as start_collecting
from gc import isenabled as is_collecting
from sys import getrecursionlimit, getswitchinterval, setprofile, setrecursionlimit, setswitchinterval, settrace

set_handler = _signal.signal
TIMERS = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF) if hasattr(_signal, "ITIMER_REAL") else ()
MONITORING_TOOLS = 6
# A hook of code's may raise in the moment in which it is taken away.
TRIES = 5


class Interpreter:
    """See the head of this part."""

    def __init__(self):
        self._depth = getrecursionlimit()
        self._interval = getswitchinterval()
        self._handlers = {number: getsignal(number) for number in _signal.valid_signals()}
        self._monitoring = getattr(sys, "monitoring", None)
        self._collects = is_collecting()

    def wake(self):
        """Code is about to run."""
        if self._collects:
            start_collecting()

    def rest(self):
        """What the REPL does next is its own."""
        for step in (unhook, self._stop_monitoring, self._put_back_limits, self._put_back_signals):
            insist(step)

    def sleep(self):
        """No code runs until the next `wake`."""
        self.rest()
        self._collects = is_collecting()
        stop_collecting()

    def _stop_monitoring(self):
        if self._monitoring is None:
            return
        for tool in range(MONITORING_TOOLS):
            if self._monitoring.get_tool(tool) is not None:
                self._monitoring.set_events(tool, 0)

    def _put_back_limits(self):
        setrecursionlimit(self._depth)
        setswitchinterval(self._interval)

    def _put_back_signals(self):
        for timer in TIMERS:
            setitimer(timer, 0)
        for number, handler in self._handlers.items():
            if getsignal(number) is not handler:
                set_handler(number, _signal.SIG_DFL if handler is None else handler)
        set_wakeup_fd(-1)


def unhook():
    setprofile(None)
    settrace(None)


def insist(step):
    for _ in range(TRIES):
        try:
            step()
            return
        except BaseException:
            pass
