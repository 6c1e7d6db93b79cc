# Ends this program when code computes for too long without waiting, or takes away what the REPL talks over.
#
# Code may hold the interpreter for ever in one call, so no thread and no handler of this process can be relied
# on: a process of its own watches. Owns: that process. Invariants: (1) a frame is written only while this program
# stands still and owes one, so frames never mix; (2) the watching process ends with this one; (3) it heeds nothing but
# words that it was told before code ran.
import os
import select
import signal
import time

from frames import frame_bytes, lifted, write_bytes

WORD_BYTES = 16
# One byte on the way to the watch.
MOST_PATIENCE = 255
SETTLE_SECONDS = 0.005
# A program that ends is gone by then.
END_SECONDS = 2


class Watchdog:
    """Watches the time from `arm` to `disarm`; where processes cannot be forked, nothing does."""

    def __init__(self, time_ms, output_descriptor, record):
        self._control = None
        self._armed = self._disarmed = b""
        if not hasattr(os, "fork"):
            return
        self._armed, self._disarmed = os.urandom(WORD_BYTES), os.urandom(WORD_BYTES)
        watched, control = os.pipe()
        program = Program(os.getpid())
        try:
            between = os.fork()
        except OSError as error:
            # Where no process may be started, the runtime's own wall time is what ends a block.
            os.write(2, f"rlmflow: no watchdog: {error}\n".encode())
            program.forget()
            return
        if between == 0:
            os.close(control)
            # Once more, so that it is no child of the program's, which code could come upon.
            try:
                if os.fork() == 0:
                    Watch(watched, output_descriptor, program, record, time_ms).run((self._armed, self._disarmed))
            finally:
                # What goes on from here is the program's alone.
                os._exit(0)
        os.waitpid(between, 0)
        os.close(watched)
        program.forget()
        self._control = lifted(control)
        os.register_at_fork(after_in_child=self._forget)

    def arm(self, patience=1):
        """Code is about to compute, so many times as long as it may."""
        self._say(self._armed, bytes([min(patience, MOST_PATIENCE)]))

    def disarm(self):
        self._say(self._disarmed, b"")

    def _say(self, word, patience):
        if self._control is None:
            return
        try:
            write_bytes(self._control, word + patience)
        except OSError:
            self._control = None

    def _forget(self):
        if self._control is not None:
            os.close(self._control)
        self._control = None


class Program:
    """The process that is watched. Where there are handles of processes, no other that got its number is meant."""

    def __init__(self, number):
        self._number = number
        try:
            self._handle = os.pidfd_open(number)
        except (AttributeError, OSError):
            self._handle = None

    def send(self, signal_number):
        if self._handle is None:
            os.kill(self._number, signal_number)
        else:
            signal.pidfd_send_signal(self._handle, signal_number)

    def ends_within(self, seconds):
        """Whether it has ended by then; None where that cannot be known."""
        if self._handle is None:
            time.sleep(seconds)
            return None
        return bool(select.select([self._handle], [], [], seconds)[0])

    def forget(self):
        if self._handle is not None:
            os.close(self._handle)


class Watch:
    """The life of the watching process."""

    def __init__(self, control, output, program, record, time_ms):
        self._control = control
        self._output = output
        self._program = program
        self._record = record
        self._time_ms = self._allowed_ms = time_ms

    def run(self, words):
        """Does not return. The words are those for armed and disarmed; whatever else comes is not the REPL's."""
        for descriptor in range(3):
            os.close(descriptor)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        armed, disarmed = words
        deadline, heard = None, b""
        while True:
            left = None if deadline is None else max(0, deadline - time.monotonic())
            if not self._hears(left):
                self._end_for_time()
                continue
            said = os.read(self._control, 4096)
            if said == b"":
                self._end_for_silence(deadline is not None)
            heard = (heard + said)[-4096:]
            last = max(heard.rfind(armed), heard.rfind(disarmed))
            if last >= 0:
                is_armed = heard.startswith(armed, last)
                patience = heard[last + WORD_BYTES :][:1]
                self._allowed_ms = self._time_ms * (patience[0] if patience else 1)
                deadline = time.monotonic() + self._allowed_ms / 1000 if is_armed else None
                heard = heard[last + WORD_BYTES :]

    def _hears(self, seconds):
        return bool(select.select([self._control], [], [], seconds)[0])

    def _end_for_time(self):
        self._program.send(signal.SIGSTOP)
        time.sleep(SETTLE_SECONDS)
        if self._hears(0):
            self._program.send(signal.SIGCONT)
            return
        message = "The block computed for more than %d ms without waiting." % self._allowed_ms
        limit = {"name": "timeMs", "value": self._allowed_ms, "unit": "ms"}
        self._kill({"type": "failed", "message": message, "limit": limit})

    def _end_for_silence(self, owes_frame):
        """The program is gone, or its code has closed what it talks over, and nothing would hold its time."""
        has_ended = self._program.ends_within(END_SECONDS)
        if has_ended:
            if owes_frame:
                self._tell_output()
            os._exit(0)
        message = "Code closed descriptors of the REPL that it runs in."
        self._kill({"type": "failed", "message": message} if owes_frame and has_ended is False else None)

    def _kill(self, frame):
        try:
            self._program.send(signal.SIGSTOP)
            if frame is not None:
                self._tell_output()
                os.write(self._output, frame_bytes(frame))
        finally:
            self._program.send(signal.SIGKILL)
            os._exit(0)

    def _tell_output(self):
        written = self._record.frame()
        if written is not None:
            os.write(self._output, frame_bytes(written))
