# The sandbox's end of the channel.
#
# Owns: private copies of the descriptors, the bytes read ahead. Invariants: (1) what code writes to descriptors 0
# to 2, or a process that it starts, never lands on the channel; (2) a process forked from this one can neither
# read nor write it; (3) reading blocks, for nothing else happens until a frame is there.
import os
import sys
import threading
from json import dumps, loads

# Code can put others in their place.
read_bytes, write_bytes, end_process = os.read, os.write, os._exit

CHUNK_BYTES = 65_536
HIGHEST_START = 4_096


def frame_bytes(frame):
    """A frame as one line of UTF-8; half a surrogate pair travels as an escape."""
    text = dumps(frame, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return dumps(frame, separators=(",", ":")).encode() + b"\n"


class FrameChannel:
    """Frames over two descriptors, or over one that is both."""

    def __init__(self, input_descriptor, output_descriptor):
        self.input = input_descriptor
        self.output = output_descriptor
        self._parts = []
        self.lock = threading.RLock()

    def keep_from_forks(self):
        """Processes that are forked from now on lose the channel."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close)

    def _close(self):
        """What was forked has no REPL: it ends where it would speak for one."""
        for descriptor in {self.input, self.output} - {-1}:
            os.close(descriptor)
        self.input = self.output = -1

    def send(self, frame):
        """Writes a frame, whole."""
        if self.output == -1:
            end_process(0)
        with self.lock:
            view = memoryview(frame_bytes(frame))
            while view:
                view = view[write_bytes(self.output, view) :]

    def receive(self):
        """The next frame, or None when the other end is gone."""
        while True:
            if self._parts and b"\n" in self._parts[-1]:
                line, rest = self._parts[-1].split(b"\n", 1)
                text = b"".join(self._parts[:-1]) + line
                self._parts = [rest]
                return loads(text)
            chunk = read_bytes(self.input, CHUNK_BYTES)
            if chunk == b"":
                return None
            self._parts.append(chunk)

    def exchange(self, frame):
        """Sends a frame while code stands still, and gives the one that answers it."""
        with self.lock:
            self.send(frame)
            answer = self.receive()
        if answer is None or answer["type"] == "dispose":
            end_process(0)
        return answer


def open_channel(descriptor):
    """Takes the channel for this program alone: on 0 and 1, or on one descriptor, a socket."""
    if descriptor is None:
        channel = FrameChannel(lifted(os.dup(0)), lifted(os.dup(1)))
    else:
        private = lifted(descriptor)
        channel = FrameChannel(private, private)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False)
    return channel


def lifted(descriptor):
    """Moves a descriptor to where code that counts up from 3 does not come by chance."""
    try:
        from fcntl import F_DUPFD_CLOEXEC, fcntl
        from resource import RLIMIT_NOFILE, getrlimit
    except ImportError:
        copy = os.dup(descriptor)
    else:
        most = getrlimit(RLIMIT_NOFILE)[0]
        start = min(most, HIGHEST_START) if most > 0 else HIGHEST_START
        copy = fcntl(descriptor, F_DUPFD_CLOEXEC, start // 2)
    os.close(descriptor)
    return copy
