import { describe, expect, test } from "vitest";
import { attackCases } from "../../src/attack-corpus/attack-cases.ts";
import { attackCorpus } from "../../src/attack-corpus/attack-corpus.ts";
import { refusals } from "../../src/contract/contract.ts";
import { type Weakness, weakRuntime } from "./weak-runtime.ts";

/** The names of the cases that the runtime fails, of those named. */
function caught(weakness: Weakness, names: readonly string[]): Promise<readonly string[]> {
  const cases = attackCases.filter(({ name }) => names.includes(name));
  expect(cases.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const corpus = () => attackCorpus(async () => weakRuntime(weakness), { cases });
  return refusals(corpus, undefined).then((failed) => failed.map((name) => name.replace("contains ", "")));
}

const BY_LEAKED_FUNCTIONS = [
  "the constructor of print",
  "the constructors of everything on console",
  "the constructor of a tool",
  "the constructor of a tool's promise",
  "the constructor of a tool's error",
  "the constructors of every global",
  "__proto__ walked upwards from everything",
];

describe("the corpus", () => {
  test("has at least 150 cases, each with a name and a source of its own idea", () => {
    expect(attackCases.length).toBeGreaterThanOrEqual(150);
    expect(new Set(attackCases.map(({ name }) => name)).size).toBe(attackCases.length);
    expect(new Set(attackCases.map(({ blocks }) => blocks.join("\n"))).size).toBe(attackCases.length);
    for (const { source, blocks } of attackCases) {
      expect(source).not.toBe("");
      expect(blocks.length).toBeGreaterThan(0);
    }
  });

  test("catches a host that gives its own functions to the code", async () => {
    expect(await caught({ leaksFunctions: true }, BY_LEAKED_FUNCTIONS)).toEqual(
      attackCases.map(({ name }) => name).filter((name) => BY_LEAKED_FUNCTIONS.includes(name)),
    );
  });

  test("finds nothing wrong with what does not leak", async () => {
    const names = ["the Function constructor by name", "the constructor of this", "the constructor of print"];
    expect(await caught({}, names)).toEqual([]);
  });

  test("catches a host whose paths are in the text of an error", async () => {
    const name = "an error that is its own cause";
    expect(await caught({ leaksStacks: true }, [name])).toEqual([name]);
    expect(await caught({}, [name])).toEqual([]);
  });

  test("catches a host whose environment can be read", async () => {
    const name = "the Function constructor by name";
    expect(await caught({ leaksEnvironment: true }, [name])).toEqual([name]);
  });

  test("catches a clock that moves and chance that differs", async () => {
    const names = ["the clock", "chance"];
    expect((await caught({}, names)).toSorted()).toEqual(names.toSorted());
  });

  test("catches a host that stands still while code runs, and code that is not blamed for it", async () => {
    expect(await caught({ timeMs: 900 }, ["an endless loop"])).toEqual(["an endless loop"]);
    expect(await caught({ timeMs: 100 }, ["an endless loop"])).toEqual(["an endless loop"]);
  });
});
