# Chance as code sees it: drawn from the agent's seed and the block's id.
import os
import random
from random import Random


class Chance:
    """Owns every source of chance of this process that Python's own library leads to."""

    def __init__(self, seed):
        self._seed = seed
        self._entropy = Random(0)
        self._install()
        self._reseed = random.seed

    def start_block(self, block_id):
        text = f"{self._seed}\n{block_id}"
        self._entropy = Random(f"entropy\n{text}")
        self._reseed(text)

    def _draw_bytes(self, count, flags=0):
        return self._entropy.randbytes(count)

    def _install(self):
        os.urandom = random._urandom = self._draw_bytes
        if hasattr(os, "getrandom"):
            os.getrandom = self._draw_bytes
        real_seed, draw = random.Random.seed, self._draw_bytes

        def seed(generator, a=None, version=2):
            real_seed(generator, int.from_bytes(draw(32), "big") if a is None else a, version)

        random.Random.seed = seed
        random.seed = random._inst.seed
