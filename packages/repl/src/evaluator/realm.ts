import type { Clock } from "./clock.ts";
import { defineValue } from "./primordials.ts";
import { installStackFormat } from "./stack.ts";

/** Takes from the realm what would make a run unrepeatable or unbounded. Call it before any guest code. */
export function fixRealm(clock: Clock, random: () => number): void {
  installStackFormat();
  defineValue(Math, "random", () => random(), false);
  void clock;
}
