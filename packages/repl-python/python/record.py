# A copy of what an entry has written, for the case that it is cut off.
#
# Owns: memory that this process shares with the one that watches it. Invariants: (1) what was written before a process
# ended is there afterwards; (2) bounded: of a flood it keeps the beginning and the end; (3) only the process that
# serves the REPL writes there.
import os
from mmap import mmap
from struct import Struct

# The entry, the bytes of its beginning, and all bytes behind that beginning.
HEADER = Struct("<QQQ")
BEGINNING_BYTES = 32_768
ENDING_BYTES = 65_536
ENDING_START = HEADER.size + BEGINNING_BYTES


class OutputRecord:
    """See the head of this part."""

    def __init__(self):
        self._memory = mmap(-1, ENDING_START + ENDING_BYTES)
        self._entry = self._beginning = self._behind = 0

    def keep_from_forks(self):
        """Processes that are forked from now on write nothing here."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def begin(self, entry):
        """Forgets the output when a new entry begins."""
        self._entry, self._beginning, self._behind = entry, 0, 0
        self._count()

    def add(self, text):
        """Adds text that the entry has written."""
        if self._memory is None:
            return
        data = text.encode(errors="replace")
        if self._beginning < BEGINNING_BYTES:
            part = data[: BEGINNING_BYTES - self._beginning]
            data = data[len(part) :]
            start = HEADER.size + self._beginning
            self._memory[start : start + len(part)] = part
            self._beginning += len(part)
        if data:
            self._add_behind(data)
        self._count()

    def frame(self):
        """The frame with the output of the entry, or None if it has written nothing."""
        entry, beginning, behind = HEADER.unpack_from(self._memory)
        if beginning == 0:
            return None
        head = self._memory[HEADER.size : HEADER.size + beginning]
        tail = self._memory[ENDING_START : ENDING_START + min(behind, ENDING_BYTES)]
        if behind > ENDING_BYTES:
            place = behind % ENDING_BYTES
            tail = f"\n… {behind - ENDING_BYTES} bytes were not kept …\n".encode() + tail[place:] + tail[:place]
        return {"type": "output", "entry": entry, "text": (head + tail).decode(errors="replace")}

    def _add_behind(self, data):
        """The ending is a ring."""
        self._behind += max(len(data) - ENDING_BYTES, 0)
        data = data[-ENDING_BYTES:]
        place = self._behind % ENDING_BYTES
        first = data[: ENDING_BYTES - place]
        rest = data[len(first) :]
        self._memory[ENDING_START + place : ENDING_START + place + len(first)] = first
        self._memory[ENDING_START : ENDING_START + len(rest)] = rest
        self._behind += len(data)

    def _count(self):
        if self._memory is not None:
            HEADER.pack_into(self._memory, 0, self._entry, self._beginning, self._behind)

    def _forget(self):
        self._memory = None
