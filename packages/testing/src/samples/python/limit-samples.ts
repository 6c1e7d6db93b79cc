import type { LimitSamples } from "../sample-programs.ts";

/** Python that does not end by itself. */
export const limitSamples: LimitSamples = {
  loop: "while True: pass",
  tasks:
    "async def spin():\n    asyncio.create_task(spin())\nasyncio.create_task(spin())\nawait asyncio.Future()",
  fillsMemory: "full = []\nwhile True: full.append([len(full) + 0.5] * 100000)",
  recursion: "def deeper(n): return [deeper(n + 1), n]\ndeeper(0)",
  loopAfterAnswer: "value = await echo(1)\nwhile value: pass",
  echoesA: "await echo(a)",
};
