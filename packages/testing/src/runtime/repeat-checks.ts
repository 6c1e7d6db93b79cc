import type { Outcome } from "@rlmflow/core";
import type { Activation, Call, ReplSpec } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { parseLine } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** What makes a REPL the same whenever it is built. */
export const repeatChecks: RuntimeChecks = {
  "the clock stands still, and moves to the time of each answer": movesClock,
  "chance is the same for the same seed and block, and another for another": drawsChance,
  "equal specs, blocks and answers give equal activations": repeats,
  "another runtime gives the same activations": repeatsElsewhere,
  "the order of answers is what counts, not their time of day": followsOrder,
  "time zone and locale are not those of the host": fixesPlace,
  "the list of globals is the same in every REPL": listsGlobals,
};

async function movesClock(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { clocks: show, clockCount, busy } = rig.programs.repeats;
  const call = (item: number) => rig.code.call("echo", item);
  const times = (activation: Activation) =>
    activation.output
      .trimEnd()
      .split("\n")
      .map((line) => parseLine(line));
  const at = (time: number) => Array.from({ length: clockCount }, () => time);
  const first = await repl.start(show, busy, show, call(1), show, call(2), show);
  ensureEqual(times(first), [at(repl.now), at(repl.now)], "the clock at the start");
  ensureEqual(times(await repl.answer(0, 1)), [1, at(repl.now)], "the clock after the first answer");
  ensureEqual(times(await repl.answer(1, 2)), [2, at(repl.now)], "the clock after the second");
  ensureEqual(await repl.json(show), at(repl.now), "the clock of the next block");
}

async function drawsChance(rig: RuntimeRig): Promise<void> {
  const draw = async (seed: string): Promise<readonly unknown[]> => {
    const repl = await rig.open({ seed });
    return [await repl.json(rig.programs.repeats.draw), await repl.json(rig.programs.repeats.draw)];
  };
  const first = await draw("one seed");
  ensureEqual(await draw("one seed"), first, "what the same seed draws");
  const draws = [...first, ...(await draw("another seed"))].map((numbers) => JSON.stringify(numbers));
  ensureEqual(new Set(draws).size, draws.length, "the number of different draws");
  const all = [...first].flat();
  const inRange = all.every((number) => typeof number === "number" && number >= 0 && number < 1);
  ensure(inRange && new Set(all).size === all.length, `chance gives ${JSON.stringify(all)}`);
}

function repeatSpec(): Partial<ReplSpec> {
  return { seed: "repeat", contexts: [samplePayload("input", "hello\nworld")], globals: { given: [1] } };
}

/** Answers of every kind, some of them out of order by being held back. */
function answerOf({ name, args, index }: Call): Outcome {
  if (name === "delegate") return { ok: true, value: `root.${String(args[0])}` };
  if (name === "wait")
    return { ok: true, value: args.map((_, k) => ({ ok: true, value: `ended ${index}.${k}` })) };
  if (index % 2 === 1) return { ok: false, error: { name: "ToolError", message: `call ${index} failed` } };
  return { ok: true, value: { answer: index, args } };
}

async function transcript(rig: RuntimeRig, alone = false): Promise<readonly unknown[]> {
  const repl = await rig.open({ ...repeatSpec(), alone });
  const activations: Activation[] = [];
  for (const block of rig.programs.repeats.program)
    activations.push(...(await repl.play([block], answerOf)).activations);
  await repl.dispose();
  return activations.map(({ codeMs: _, ...activation }) => activation);
}

async function repeats(rig: RuntimeRig): Promise<void> {
  const first = await transcript(rig);
  ensure(JSON.stringify(first).includes("ended"), "the program of the check does not get far");
  const others = await Promise.all([transcript(rig), transcript(rig), transcript(rig, true)]);
  for (const other of others) ensureSame(other, first, "in another REPL");
}

async function repeatsElsewhere(rig: RuntimeRig): Promise<void> {
  const first = await transcript(rig);
  const other = await rig.another();
  const second = await transcript(other).finally(() => other.close());
  ensureSame(second, first, "in another runtime");
}

function ensureSame(activations: readonly unknown[], first: readonly unknown[], where: string): void {
  ensureEqual(activations.length, first.length, `the number of activations ${where}`);
  for (const [k, activation] of activations.entries())
    ensureEqual(activation, first[k], `activation ${k} ${where}`);
}

async function followsOrder(rig: RuntimeRig): Promise<void> {
  const run = async (order: readonly number[]): Promise<string> => {
    const repl = await rig.open({ seed: "order" });
    const activations = [await repl.start(rig.programs.repeats.order)];
    for (const index of order) {
      await new Promise((resolve) => setTimeout(resolve, index * 3));
      activations.push(await repl.answer(index, null));
    }
    return activations.map(({ output }) => output).join("");
  };
  const first = await run([0, 1]);
  ensureEqual(await run([0, 1]), first, "the output with the same order");
  ensure((await run([1, 0])) !== first, "the output does not depend on the order of answers");
}

async function fixesPlace(rig: RuntimeRig): Promise<void> {
  const zones = ["Pacific/Kiritimati", "America/St_Johns"];
  const before = process.env.TZ;
  const seen: unknown[] = [];
  try {
    for (const zone of zones) {
      process.env.TZ = zone;
      const other = await rig.another();
      const repl = await other.open();
      seen.push(await repl.json(rig.programs.repeats.place).finally(() => other.close()));
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
  ensureEqual(seen[1], seen[0], `what code sees in ${zones[1]}, and in ${zones[0]}`);
}

async function listsGlobals(rig: RuntimeRig): Promise<void> {
  const { globals: list, addsGlobal } = rig.programs.repeats;
  const first = await rig.open();
  const names = await first.json(list);
  await first.ended(addsGlobal);
  ensureEqual(await (await rig.open()).json(list), names, "the globals of another REPL");
  const marker = "rlmflowContractMarker";
  Object.defineProperty(globalThis, marker, { value: 1, configurable: true, enumerable: true });
  try {
    ensureEqual(await (await rig.open()).json(list), names, "the globals once the host has one more");
  } finally {
    Reflect.deleteProperty(globalThis, marker);
  }
}
