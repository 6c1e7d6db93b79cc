# The program: says hello, then serves one REPL until it is disposed or the other end is gone.
import os
import signal
import sys
from json import dumps, loads

from foreign import is_a, kind_name, spoken
from frames import end_process, open_channel, write_bytes
from limits import LimitReached
from record import OutputRecord
from repl import Repl
from supported import read_flag
from watchdog import Watchdog

PROTOCOL = 1
DEFAULT_TIME_MS = 10_000
# Code gets copies of its own, so that it can break theirs alone.
PRIVATE_MODULES = ("ast", "json", "textwrap")


def limit_memory(megabytes):
    """Caps the memory that this process can have; what code takes beyond it is a MemoryError."""
    import resource

    bytes_allowed = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bytes_allowed, bytes_allowed))


class Server:
    """Serves the frames of one channel."""

    def __init__(self, channel, watchdog, record, memory_mb):
        self._channel = channel
        self._watchdog = watchdog
        self._record = record
        self._memory_mb = memory_mb
        self._repl = None
        self._reads = 0
        self._runs = False

    def serve(self):
        engine = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
        self._channel.send({"type": "hello", "protocol": PROTOCOL, "engine": engine, "language": "python"})
        while True:
            frame = self._channel.receive()
            if frame is None or frame["type"] == "dispose":
                return
            try:
                self._take(frame)
            except MemoryError:
                if self._memory_mb is None:
                    raise
                limit = {"name": "memoryMB", "value": self._memory_mb, "unit": "MB"}
                raise LimitReached(f"The block filled the memory of {self._memory_mb} MB.", **limit) from None

    def _take(self, frame):
        if frame["type"] == "open":
            self._repl = Repl(loads(frame["spec"]), self._read_context, self._record)
            self._channel.send({"type": "opened"})
        elif frame["type"] in ("start", "deliver") and self._repl is not None:
            self._record.begin(frame["entry"])
            self._watchdog.arm(frame.get("patience", 1))
            self._runs = True
            if frame["type"] == "start":
                calls, activation = self._repl.start(loads(frame["block"]))
            else:
                calls, activation = self._repl.deliver(loads(frame["answer"]))
            text = activation_text(calls, activation)
            with self._channel.lock:
                # A thread that reads has its answer by now, and no other begins.
                self._runs = False
                self._watchdog.disarm()
                self._channel.send({"type": "activation", "entry": frame["entry"], "activation": text})

    def _read_context(self, key, start, end):
        with self._channel.lock:
            if not self._runs:
                raise RuntimeError("CONTEXT can be read while a block runs, and none does")
            self._reads += 1
            asked = {"type": "read", "read": self._reads, "key": key, "start": start, "end": end}
            answer = self._channel.exchange(asked)
        return answer["text"] if answer["type"] == "range" and answer["read"] == self._reads else None


def activation_text(calls, activation):
    """An activation as JSON text; the calls are texts already."""
    rest = dumps(activation, ensure_ascii=False, separators=(",", ":"))
    return f'{{"calls":[{",".join(calls)}],{rest[1:]}'


def failure_frame(error):
    text = spoken(str, error)[0] or "no reason given"
    if is_a(error, LimitReached):
        return {"type": "failed", "message": text, "limit": error.limit}
    message = f"The REPL broke down, perhaps by what code did to it: {kind_name(error)}: {text}"
    return {"type": "failed", "message": message[:2_000]}


def tell_failure(channel, record, error):
    frame = failure_frame(error)
    try:
        written = record.frame()
        if written is not None:
            channel.send(written)
        channel.send(frame)
    except OSError:
        write_bytes(2, f"rlmflow: {frame['message']}\n".encode(errors="replace"))


def hide_private_modules():
    for name in [name for name in sys.modules if name.split(".")[0] in PRIVATE_MODULES]:
        del sys.modules[name]


def main():
    time_ms = read_flag("--time-ms", DEFAULT_TIME_MS)
    memory_mb = read_flag("--memory-mb", None)
    channel = open_channel(read_flag("--fd", None))
    sys.argv = [""]
    sys.path = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]
    # An interrupt from the terminal is the engine's to handle: it may still want what runs here to land.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    code = 1
    record = OutputRecord()
    try:
        hide_private_modules()
        watchdog = Watchdog(time_ms, channel.output, record)
        channel.keep_from_forks()
        record.keep_from_forks()
        if memory_mb is not None:
            limit_memory(memory_mb)
        Server(channel, watchdog, record, memory_mb).serve()
        code = 0
    except (BrokenPipeError, ConnectionResetError):
        code = 0
    except BaseException as error:
        tell_failure(channel, record, error)
    finally:
        # Threads and exit functions of code do not hold up the end.
        end_process(code)


if __name__ == "__main__":
    main()
