"""Runs a command on a pseudo-terminal of 100 by 24 and copies what it writes to stdout.

Usage: pseudo-terminal.py SECONDS COMMAND...   SECONDS: when to press Ctrl-C, separated by commas, or "-".
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

DEADLINE = 60

interrupts = [] if sys.argv[1] == "-" else [float(at) for at in sys.argv[1].split(",")]
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
    if interrupts and elapsed > interrupts[0]:
        interrupts.pop(0)
        os.write(terminal, b"\x03")
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

sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
