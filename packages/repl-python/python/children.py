# Output of processes that code starts and that inherit stdout or stderr: it is shown as output of the block.
#
# Owns: one pipe and the thread that reads it, from the first such process on. Invariants: (1) what a process has
# written stands in front of what the block writes after it; (2) reading is bounded where the block waits for it, and a
# process that goes on writing holds up nothing.
import os
import select
import subprocess
from codecs import getincrementaldecoder
from threading import Lock, Thread

READ_BYTES = 65_536
# Reads of one drain.
MOST_READS = 64
# Places of stdout and stderr among the arguments of Popen.
INHERITED = ((4, "stdout"), (5, "stderr"))


class ChildOutput:
    """See the head of this part. `write` takes text."""

    def __init__(self, write):
        self._write = write
        self._lock = Lock()
        self._ends = None
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    def install(self):
        """Gives the pipe to all processes that would inherit the REPL's own outputs."""
        if os.name == "nt":
            return
        start = subprocess.Popen.__init__

        def __init__(process, *args, **options):
            for place, name in INHERITED:
                if len(args) <= place and options.get(name) is None:
                    options[name] = self._input()
            start(process, *args, **options)

        def system(command):
            code = subprocess.Popen(command, shell=True).wait()
            return code << 8 if code >= 0 else -code

        subprocess.Popen.__init__ = __init__
        os.system = system

    def drain(self):
        """Takes what has been written by now."""
        if self._ends is None:
            return
        with self._lock:
            for _ in range(MOST_READS):
                if not self._take():
                    return

    def _input(self):
        with self._lock:
            if self._ends is None:
                self._ends = os.pipe()
                Thread(target=self._read, daemon=True).start()
            return self._ends[1]

    def _read(self):
        while True:
            select.select([self._ends[0]], [], [])
            with self._lock:
                self._take()

    def _take(self):
        source = self._ends[0]
        if not select.select([source], [], [], 0)[0]:
            return False
        self._write(self._decode(os.read(source, READ_BYTES)))
        return True
