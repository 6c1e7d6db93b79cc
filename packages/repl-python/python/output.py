# What a block writes.
import io
import threading


class OutputBuffer:
    """Output since the last activation. Of a flood it keeps the head and the tail, about three times the cap at most."""

    def __init__(self, cap, record):
        self._cap = cap
        self._record = record
        # A finalizer that prints may run while its own thread is in here.
        self._lock = threading.RLock()
        self.open = False
        self.reset()

    def reset(self):
        """A new block begins with the whole allowance and nothing written."""
        self._left = self._cap
        self._clear()

    def write(self, text):
        """Adds text; between activations there is nobody to show it to."""
        if not self.open:
            return
        with self._lock:
            self._record.add(text)
            self._total += len(text)
            head = text[: self._head_room]
            if head:
                self._head.append(head)
                self._head_room -= len(head)
            rest = text[len(head) :] if head else text
            if rest:
                self._tail.append(rest)
                self._tail_length += len(rest)
                if self._tail_length > self._tail_room() * 2 + 4096:
                    self._tail = [self._cut_tail()]
                    self._tail_length = len(self._tail[0])

    def is_unused(self):
        """Whether the block has written nothing so far."""
        return self._left == self._cap and self._total == 0

    def take(self):
        """Text, characters kept and characters written since the last call."""
        with self._lock:
            head, tail = "".join(self._head), self._cut_tail()
            kept, total = len(head) + len(tail), self._total
            gap = total - kept
            text = head + tail if gap == 0 else f"{head}\n… {gap} characters were not kept …\n{tail}"
            self._left -= kept
            self._clear()
            return text, kept, total

    def _tail_room(self):
        return self._left - (self._left >> 1)

    def _cut_tail(self):
        tail = "".join(self._tail)
        room = self._tail_room()
        return tail[len(tail) - room :] if len(tail) > room else tail

    def _clear(self):
        self._head, self._tail = [], []
        self._tail_length = self._total = 0
        self._head_room = self._left >> 1


class CapturedBytes(io.RawIOBase):
    """The bytes under a captured stream."""

    def __init__(self, output):
        super().__init__()
        self._output = output

    def writable(self):
        return True

    def write(self, data):
        self._output.write(bytes(data).decode(errors="replace"))
        return len(data)


class CapturedStream(io.TextIOBase):
    """Stands as sys.stdout and sys.stderr: both write to the block's output, in order, behind what its processes wrote."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, output, name):
        super().__init__()
        self.name = name
        self.buffer = CapturedBytes(output)
        self._output = output

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._output.write(text)
        return len(text)


class NoInput(io.TextIOBase):
    """Stands as sys.stdin: nobody types, and an empty text would be taken for the input."""

    encoding = "utf-8"
    name = "<stdin>"

    def readable(self):
        return True

    def fileno(self):
        return 0

    def read(self, size=-1):
        raise EOFError("EOF when reading: there is no standard input")

    def readline(self, size=-1):
        raise EOFError("EOF when reading a line: there is no standard input")

    __next__ = readline
