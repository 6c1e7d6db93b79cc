"""Runs a command on a pseudo-terminal of 100 by 24 and copies what it writes to stdout.

Usage: pseudo-terminal.py TEXT COMMAND...   TEXT: Ctrl-C is pressed once the command has written it; "-" for never.
The exit code is the command's.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

DEADLINE = 280

awaited = None if sys.argv[1] == "-" else sys.argv[1].encode()
written = b""
ready, go = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.read(ready, 1)
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
os.write(go, b"x")

started = time.monotonic()
while True:
    readable, _, _ = select.select([terminal], [], [], 0.05)
    elapsed = time.monotonic() - started
    if elapsed > DEADLINE:
        os.kill(child, signal.SIGKILL)
    if not readable:
        continue
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    written += data
    if awaited is not None and awaited in written:
        awaited = None
        os.write(terminal, b"\x03")

sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
