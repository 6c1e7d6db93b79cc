# Time as code sees it: it stands still while code runs, moves to the time of each answer, and forward with a sleep.
#
# Owns: what `time` and `datetime` of this process say. Invariants: (1) the time of day is the clock's for everybody,
# in UTC; (2) code that measures time or sleeps, on the main thread, does so by the clock too, while libraries and
# threads, which wait for what really happens, have the system's; (3) time never goes back within a REPL.
import datetime
import os
import time
from sys import _getframe
from threading import get_ident

elapsed_seconds = time.perf_counter
# Seconds that time can be moved by at once: a hundred years.
LONGEST_SLEEP = 3_155_760_000


class Clock:
    """Where time stands, in epoch milliseconds."""

    def __init__(self):
        self.now = 0

    def move_to(self, now):
        self.now = max(self.now, now)

    def move_by(self, seconds):
        self.now += max(0, seconds) * 1000

    def seconds(self):
        return self.now / 1000

    def nanoseconds(self):
        return int(self.now * 1_000_000)


def fix_time(clock, namespace):
    """Makes the modules `time` and `datetime` follow the clock; `namespace` is that of the code."""
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()
    fix_time_of_day(clock)
    fix_durations(clock, namespace)
    fix_datetime(clock)


def fix_time_of_day(clock):
    time.time = named("time", lambda: clock.seconds())
    time.time_ns = named("time_ns", lambda: clock.nanoseconds())
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, from_now(getattr(time, name), clock))
    real_asctime, real_strftime = time.asctime, time.strftime
    time.asctime = lambda moment=None: real_asctime(time.gmtime() if moment is None else moment)
    time.strftime = lambda format, moment=None: real_strftime(format, time.gmtime() if moment is None else moment)


def fix_durations(clock, namespace):
    main_thread = get_ident()

    def code_asks():
        return get_ident() == main_thread and _getframe(2).f_globals is namespace

    def reader(name, read):
        real = getattr(time, name)
        return named(name, lambda: read() if code_asks() else real())

    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, reader(name, clock.seconds))
        setattr(time, f"{name}_ns", reader(f"{name}_ns", clock.nanoseconds))
    real_sleep = time.sleep

    def sleep(seconds):
        if not code_asks():
            real_sleep(seconds)
        elif not 0 <= seconds <= LONGEST_SLEEP:
            raise ValueError(f"a sleep takes from 0 to {LONGEST_SLEEP} seconds")
        else:
            clock.move_by(seconds)

    time.sleep = sleep


def named(name, function):
    function.__name__ = function.__qualname__ = name
    return function


def from_now(convert, clock):
    """The conversion of a time, of now where none is given."""

    def function(seconds=None):
        return convert(clock.seconds() if seconds is None else seconds)

    return named(convert.__name__, function)


def fix_datetime(clock):
    real_date, real_datetime, utc = datetime.date, datetime.datetime, datetime.timezone.utc

    class LikeReal(type):
        """Instances of the class that was there before count as instances of the one in its place."""

        def __instancecheck__(cls, value):
            return type.__instancecheck__(cls.__dict__.get("_stands_for", cls), value)

        def __subclasscheck__(cls, other):
            return type.__subclasscheck__(cls.__dict__.get("_stands_for", cls), other)

    def in_place_of(real, methods):
        methods.update(__module__="datetime", __qualname__=real.__name__, __doc__=real.__doc__, _stands_for=real)
        methods["__repr__"] = lambda self: f"datetime.{real.__repr__(self)}".replace("datetime.datetime.", "datetime.")
        return LikeReal(real.__name__, (real,), methods)

    def now(cls, tz=None):
        return cls.fromtimestamp(clock.seconds(), tz)

    def utcnow(cls):
        return cls.fromtimestamp(clock.seconds(), utc).replace(tzinfo=None)

    def today(cls):
        return cls.fromtimestamp(clock.seconds())

    datetime.date = in_place_of(real_date, {"today": classmethod(today)})
    datetime.datetime = in_place_of(
        real_datetime,
        {"now": classmethod(now), "utcnow": classmethod(utcnow), "today": classmethod(today)},
    )
