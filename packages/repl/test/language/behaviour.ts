import vm from "node:vm";
import { expect } from "vitest";
import { type GeneratedProgram, generateProgram, randomNumbers } from "./program-generator.ts";
import { Sandbox } from "./sandbox.ts";

/** What a program did: what it logged, how it ended, its last value and what its names hold. */
interface Behaviour {
  readonly log: readonly unknown[];
  readonly error: string | null;
  readonly value: unknown;
  readonly names: string;
}

/** Checks that the program of a seed does in blocks what it does as one script; true when it threw in both. */
export async function checkProgram(seed: number): Promise<boolean> {
  const random = randomNumbers(seed);
  const program = generateProgram(random);
  const plain = runPlain(program);
  const inBlocks = await runInBlocks(program, random);
  expect(inBlocks, `seed ${seed}:\n${program.units.join("\n")}`).toEqual(plain);
  return plain.error !== null;
}

function runPlain({ units, names }: GeneratedProgram): Behaviour {
  const context = vm.createContext();
  const log: unknown[] = [];
  const marks: number[] = [];
  Object.assign(context, {
    log: (...values: unknown[]) => void log.push(...values),
    mark: (unit: number) => void marks.push(unit),
  });
  const ending: { error: string | null; value: unknown } = { error: null, value: undefined };
  try {
    vm.runInContext(textOf(units.slice(0, -1), 0), context, { timeout: 2_000 });
    ending.value = vm.runInContext(String(units.at(-1)), context, { timeout: 2_000 });
  } catch (thrown) {
    ending.error = String(thrown);
  }
  const held: unknown = vm.runInContext(observation(names.slice(0, marks.length)), context);
  return { log, ...ending, names: String(held) };
}

async function runInBlocks({ units, names }: GeneratedProgram, random: () => number): Promise<Behaviour> {
  const sandbox = new Sandbox();
  const marks: number[] = [];
  sandbox.set("mark", (unit: number) => void marks.push(unit));
  const ending: { error: string | null; value: unknown } = { error: null, value: undefined };
  try {
    for (const block of blocksOf(units.slice(0, -1), random)) await sandbox.run(block);
    ending.value = await sandbox.run(String(units.at(-1)));
  } catch (thrown) {
    ending.error = String(thrown);
  }
  const held = await sandbox.run(observation(names.slice(0, marks.length)));
  return { log: sandbox.log, ...ending, names: String(held) };
}

/** Units end without a semicolon, so that each meets the next one at a line break only. */
function textOf(units: readonly string[], first: number): string {
  return units.map((unit, index) => `${unit}\nmark(${first + index})`).join("\n");
}

/** The units cut into blocks at random places, some of which wait before they begin. */
function blocksOf(units: readonly string[], random: () => number): string[] {
  const blocks: string[] = [];
  for (let at = 0; at < units.length; ) {
    const size = 1 + Math.floor(random() * 4);
    const pause = random() < 0.3 ? "await null\n" : "";
    blocks.push(pause + textOf(units.slice(at, at + size), at));
    at += size;
  }
  return blocks;
}

/** Code that describes what the names of all finished units hold. */
function observation(names: readonly (readonly string[])[]): string {
  return `JSON.stringify([${names.flat().join()}].map((value) => typeof value === "function" ? [value.name, value.length] : Array.isArray(value) ? value.length : String(value)))`;
}
