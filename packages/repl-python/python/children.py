# Output that does not go through Python's streams: of processes that code starts and forks, and of what writes to
# descriptor 1 itself. It is shown as output of the block.
#
# Owns: one pipe, which is this process's stdout, and the thread that reads it. Invariants: (1) what has been written
# there stands in front of what the block writes after it; (2) reading is bounded where the block waits for it, and a
# process that goes on writing holds up nothing; (3) frames travel over other descriptors, so whatever is written here
# is text; (4) a forked process takes no lock of ours, for nobody there would give it back.
import os
import select
import subprocess
import warnings
from _thread import stack_size, start_new_thread
from codecs import getincrementaldecoder
from threading import Lock

from frames import lifted

write_bytes = os.write
READ_BYTES = 65_536
# Reads of one drain.
MOST_READS = 64
READER_STACK = 262_144
STDOUT = 1
# Where stderr stands among the arguments of Popen.
STDERR_PLACE = 5


class ChildOutput:
    """See the head of this part. `write` takes text."""

    def __init__(self, write):
        self._write = write
        self._lock = Lock()
        self._ends = None
        self._is_forked = False
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    def install(self):
        """Puts the pipe in the place of stdout; processes that would inherit stderr get it there too."""
        if os.name == "nt":
            return
        self._ends = tuple(lifted(end) for end in os.pipe())
        os.dup2(self._ends[1], STDOUT)
        os.register_at_fork(after_in_child=self._go_on_alone)
        # The thread that a fork leaves behind is the one below, and a fork needs nothing of it.
        warnings.filterwarnings("ignore", r".*multi-threaded, use of fork", DeprecationWarning)
        before = stack_size(READER_STACK)
        start_new_thread(self._read, ())
        stack_size(before)
        start = subprocess.Popen.__init__

        def __init__(process, *args, **options):
            if len(args) <= STDERR_PLACE and options.get("stderr") is None:
                options["stderr"] = self._ends[1]
            start(process, *args, **options)

        def system(command):
            code = subprocess.Popen(command, shell=True).wait()
            return code << 8 if code >= 0 else -code

        subprocess.Popen.__init__ = __init__
        os.system = system

    def write(self, text):
        """Writes for this process, behind what came before."""
        if not self._is_forked:
            self.drain()
            self._write(text)
            return
        view = memoryview(text.encode(errors="replace"))
        while view:
            view = view[write_bytes(STDOUT, view) :]

    def drain(self):
        """Takes what has been written by now."""
        if self._ends is None:
            return
        with self._lock:
            for _ in range(MOST_READS):
                if not self._take():
                    return

    def _go_on_alone(self):
        """What a forked process prints comes to the process that reads."""
        self._is_forked = True
        self._ends = None

    def _read(self):
        try:
            while True:
                has_text(self._ends[0], None)
                with self._lock:
                    self._take()
        except OSError:
            # Code has closed the pipe.
            self._ends = None

    def _take(self):
        source = self._ends[0]
        if not has_text(source, 0):
            return False
        self._write(self._decode(os.read(source, READ_BYTES)))
        return True


def has_text(source, milliseconds):
    """Waits so long, or without end, for something to read."""
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    return bool(waiting.poll(milliseconds))
