# Ends this program when code computes for too long without waiting.
#
# Code may hold the interpreter for ever in one call, so no thread and no handler of this process can be relied
# on: a process of its own watches. Owns: that process. Invariants: (1) a frame is written only while this program
# stands still and owes one, so frames never mix; (2) the watching process ends with this one.
import os
import select
import signal
import time

from frames import frame_bytes

ARMED = b"1"
DISARMED = b"0"
SETTLE_SECONDS = 0.005


class Watchdog:
    """Watches the time from `arm` to `disarm`; where processes cannot be forked, nothing does."""

    def __init__(self, time_ms, output_descriptor):
        self._control = None
        if not hasattr(os, "fork"):
            return
        watched, control = os.pipe()
        program = os.getpid()
        try:
            between = os.fork()
        except OSError as error:
            # Where no process may be started, the runtime's own wall time is what ends a block.
            os.write(2, f"rlmflow: no watchdog: {error}\n".encode())
            return
        if between == 0:
            os.close(control)
            # Once more, so that it is no child of the program's, which code could come upon.
            if os.fork() == 0:
                watch(watched, output_descriptor, program, time_ms)
            os._exit(0)
        os.waitpid(between, 0)
        os.close(watched)
        self._control = control
        os.register_at_fork(after_in_child=self._forget)

    def arm(self):
        self._say(ARMED)

    def disarm(self):
        self._say(DISARMED)

    def _say(self, word):
        if self._control is None:
            return
        try:
            os.write(self._control, word)
        except OSError:
            self._control = None

    def _forget(self):
        if self._control is not None:
            os.close(self._control)
        self._control = None


def watch(control, output, program, time_ms):
    """The life of the watching process; does not return."""
    for descriptor in range(3):
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    deadline = None
    while True:
        left = None if deadline is None else max(0, deadline - time.monotonic())
        if select.select([control], [], [], left)[0]:
            words = os.read(control, 4096)
            if words == b"":
                os._exit(0)
            deadline = time.monotonic() + time_ms / 1000 if words.endswith(ARMED) else None
            continue
        os.kill(program, signal.SIGSTOP)
        time.sleep(SETTLE_SECONDS)
        if select.select([control], [], [], 0)[0]:
            os.kill(program, signal.SIGCONT)
            continue
        message = "The block computed for more than %d ms without waiting." % time_ms
        limit = {"name": "timeMs", "value": time_ms, "unit": "ms"}
        try:
            os.write(output, frame_bytes({"type": "failed", "message": message, "limit": limit}))
        finally:
            os.kill(program, signal.SIGKILL)
            os._exit(0)
