import { describe, expect, test } from "vitest";
import { type Leave, WaitingLine } from "../../../src/engine/resources/waiting-line.ts";
import { Seeded } from "../../data/seeded.ts";

interface Asked {
  readonly arrival: number;
  readonly name: number;
}

/** The line as its order is said: an array that is sorted. */
function nextIn(waiting: readonly Asked[]): Asked | undefined {
  return waiting.toSorted((a, b) => a.arrival - b.arrival || b.name - a.name)[0];
}

describe("a waiting line", () => {
  test.each([1, 2, 3, 4, 5])("gives who is next whoever has left meanwhile (seed %i)", (seed) => {
    const random = new Seeded(seed);
    const line = new WaitingLine<Asked>();
    const left: Leave[] = [];
    let waiting: (Asked & { readonly leave: Leave })[] = [];
    for (let name = 0; name < 2000; name++) {
      const arrival = random.below(4);
      const asked = { arrival, name };
      if (random.below(2) === 0) waiting.push({ ...asked, leave: line.add(arrival, asked) });
      const goes = waiting[random.below(waiting.length + 3)];
      if (goes !== undefined) {
        goes.leave();
        left.push(goes.leave);
        waiting = waiting.filter((one) => one !== goes);
      }
      // Who is out stays out, and takes nobody along.
      left[random.below(left.length + 1)]?.();
      if (random.below(4) === 0) {
        const expected = nextIn(waiting);
        expect(line.next()?.name).toBe(expected?.name);
        waiting = waiting.filter((one) => one.name !== expected?.name);
      }
      if (random.below(8) === 0) {
        const isWanted = (one: Asked) => one.name % 3 === 0;
        const expected = nextIn(waiting.filter((one) => one.arrival === arrival && isWanted(one)));
        expect(line.nextOf(arrival, isWanted)?.name).toBe(expected?.name);
        waiting = waiting.filter((one) => one.name !== expected?.name);
      }
      expect(line.length).toBe(waiting.length);
    }
    for (; waiting.length > 0; ) {
      const expected = nextIn(waiting);
      expect(line.next()?.name).toBe(expected?.name);
      waiting = waiting.filter((one) => one.name !== expected?.name);
    }
    expect(line.next()).toBeUndefined();
  });

  test("is left by a hundred thousand agents, the first first, without looking at each other", () => {
    const line = new WaitingLine<number>();
    const leaves = Array.from({ length: 100_000 }, (_, agent) => line.add(7, agent));
    for (const leave of leaves) leave();
    expect(line.length).toBe(0);
  });
});
