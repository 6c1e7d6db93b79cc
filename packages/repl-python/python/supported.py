# Serves one REPL of Python for rlmflow: frames of JSON, one a line, come and go over descriptors that code never
# sees. Needs nothing but Python's own library. Flags: --time-ms N, --memory-mb N, --fd N.
#
# This part comes first, does little, and keeps to what every Python 3 can read.
import os
import sys

OLDEST_PYTHON = (3, 10)
# Says that the environment is fixed already.
MARKER = "RLMFLOW_REPL"
# What is not decided by the environment of whoever starts this program.
FIXED_ENVIRONMENT = {
    MARKER: "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
}


def read_flag(name, fallback):
    """The number behind a flag of the command line."""
    if name not in sys.argv:
        return fallback
    value = sys.argv[sys.argv.index(name) + 1 :][:1]
    if not value or not value[0].isdigit():
        refuse("%s takes a number, not %s" % (name, value[0] if value else "nothing"))
    return int(value[0])


def refuse(message):
    """Ends the program with one frame and one line that say why."""
    import json

    output = int(sys.argv[sys.argv.index("--fd") + 1]) if "--fd" in sys.argv[:-1] else 1
    os.write(output, (json.dumps({"type": "failed", "message": message}) + "\n").encode())
    os.write(2, (message + "\n").encode())
    os._exit(1)


def refuse_old_python():
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        refuse("Python 3.10 or newer is needed to serve a REPL; %s is Python %s." % (sys.executable, found))


def fix_environment():
    """Starts this program anew with a fixed environment: the order of sets is decided when Python starts."""
    if MARKER in os.environ or not sys.executable:
        os.environ.pop(MARKER, None)
        return
    descriptor = read_flag("--fd", None)
    if descriptor is not None:
        os.set_inheritable(descriptor, True)
    fixed = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    fixed.update(FIXED_ENVIRONMENT)
    options = ["-s", "-P"] if sys.version_info >= (3, 11) else ["-s"]
    os.execve(sys.executable, [sys.executable] + options + [os.path.abspath(__file__)] + sys.argv[1:], fixed)


refuse_old_python()
fix_environment()
