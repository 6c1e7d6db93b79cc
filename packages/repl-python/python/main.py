# The program: says hello, then serves one REPL until it is disposed or the other end is gone.
import os
import signal
import sys
from json import dumps, loads

from frames import open_channel
from limits import LimitReached
from repl import Repl
from supported import read_flag
from watchdog import Watchdog

PROTOCOL = 1
DEFAULT_TIME_MS = 10_000
def limit_memory(megabytes):
    """Caps the memory that this process can have; what code takes beyond it is a MemoryError."""
    import resource

    bytes_allowed = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bytes_allowed, bytes_allowed))


class Server:
    """Serves the frames of one channel."""

    def __init__(self, channel, watchdog, memory_mb):
        self._channel = channel
        self._watchdog = watchdog
        self._memory_mb = memory_mb
        self._repl = None
        self._reads = 0

    def serve(self):
        engine = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
        self._channel.send({"type": "hello", "protocol": PROTOCOL, "engine": engine})
        while True:
            frame = self._channel.receive()
            if frame is None or frame["type"] == "dispose":
                return
            try:
                self._take(frame)
            except MemoryError:
                limit = {"name": "memoryMB", "value": self._memory_mb, "unit": "MB"}
                raise LimitReached(f"The block filled the memory of {self._memory_mb} MB.", **limit) from None

    def _take(self, frame):
        if frame["type"] == "open":
            self._repl = Repl(loads(frame["spec"]), self._read_context)
            self._channel.send({"type": "opened"})
        elif frame["type"] in ("start", "deliver") and self._repl is not None:
            self._watchdog.arm()
            if frame["type"] == "start":
                calls, turn = self._repl.start(loads(frame["block"]))
            else:
                calls, turn = self._repl.deliver(loads(frame["answer"]))
            text = turn_text(calls, turn)
            self._watchdog.disarm()
            self._channel.send({"type": "turn", "entry": frame["entry"], "turn": text})

    def _read_context(self, key, start, end):
        self._reads += 1
        asked = {"type": "read", "read": self._reads, "key": key, "start": start, "end": end}
        answer = self._channel.exchange(asked)
        return answer["text"] if answer["type"] == "range" and answer["read"] == self._reads else None


def turn_text(calls, turn):
    """A turn as JSON text; the calls are texts already."""
    rest = dumps(turn, ensure_ascii=False, separators=(",", ":"))
    return f'{{"calls":[{",".join(calls)}],{rest[1:]}'


def failure_frame(error):
    frame = {"type": "failed", "message": f"{error}" if isinstance(error, LimitReached) else f"{error!r}"[:2_000]}
    return {**frame, "limit": error.limit} if isinstance(error, LimitReached) else frame


def main():
    time_ms = read_flag("--time-ms", DEFAULT_TIME_MS)
    memory_mb = read_flag("--memory-mb", None)
    channel = open_channel(read_flag("--fd", None))
    sys.argv = [""]
    sys.path = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]
    # An interrupt from the terminal is the engine's to handle: it may still want what runs here to land.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    code = 0
    try:
        watchdog = Watchdog(time_ms, channel.output)
        channel.keep_from_forks()
        if memory_mb is not None:
            limit_memory(memory_mb)
        Server(channel, watchdog, memory_mb).serve()
    except BrokenPipeError:
        code = 0
    except BaseException as error:
        code = 1
        channel.send(failure_frame(error))
    # Threads and exit functions of code do not hold up the end.
    os._exit(code)


if __name__ == "__main__":
    main()
