import type { Outcome } from "../../data/node.ts";
import type { Call, ReplSpec, Turn } from "../../protocols/runtime.ts";
import { ensure, ensureEqual } from "../contract.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** What makes a REPL of JavaScript the same whenever it is built. */
export const repeatChecks: RuntimeChecks = {
  "the clock stands still, and moves to the time of each answer": movesClock,
  "chance is the same for the same seed and block, and another for another": drawsChance,
  "equal specs, blocks and answers give equal turns": repeats,
  "another runtime gives the same turns": repeatsElsewhere,
  "the order of answers is what counts, not their time of day": followsOrder,
  "time zone and locale are not those of the host": fixesPlace,
  "the list of globals is the same in every REPL": listsGlobals,
};

async function movesClock(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const now = "[Date.now(), new Date().getTime(), +new Date(), new Date(Date()).getTime()]";
  const show = `print(JSON.stringify(${now}));`;
  const busy = "for (let i = 0; i < 3e6; i += 1) Math.sqrt(i);";
  const first = await repl.start(show, busy, show, "await echo(1);", show, "await echo(2);", show);
  const at = (time: number) => `${JSON.stringify([time, time, time, time])}\n`;
  ensureEqual(first.output, at(repl.now).repeat(2), "the clock at the start");
  ensureEqual((await repl.answer(0, 1)).output, at(repl.now), "the clock after the first answer");
  ensureEqual((await repl.answer(1, 1)).output, at(repl.now), "the clock after the second");
  ensureEqual(await repl.output(show), at(repl.now), "the clock of the next block");
}

const DRAW = "print(JSON.stringify(Array.from({ length: 5 }, () => Math.random())));";

async function drawsChance(rig: RuntimeRig): Promise<void> {
  const draw = async (seed: string): Promise<readonly unknown[]> => {
    const repl = await rig.open({ seed });
    return [await repl.json(DRAW), await repl.json(DRAW)];
  };
  const first = await draw("one seed");
  ensureEqual(await draw("one seed"), first, "what the same seed draws");
  const draws = [...first, ...(await draw("another seed"))].map((numbers) => JSON.stringify(numbers));
  ensureEqual(new Set(draws).size, draws.length, "the number of different draws");
  const all = [...first].flat();
  const inRange = all.every((number) => typeof number === "number" && number >= 0 && number < 1);
  ensure(inRange && new Set(all).size === all.length, `chance gives ${JSON.stringify(all)}`);
}

/** Blocks that touch all that could differ. */
const PROGRAM: readonly (readonly string[])[] = [
  [
    "const draws = Array.from({ length: 3 }, () => Math.random());",
    'const handles = ["a", "b"].map((name) => delegate(name, "q", { context: CONTEXT.slice(0, 3) }));',
    "const all = await Promise.allSettled([...handles, lookUp(draws, Date.now()), echo(1), echo(2)]);",
    "print(all, draws, new Date(), VARIABLES());",
    "const objects = [new Map([[1, { a: [1] }]]), new Set('ab'), /x/g, Symbol('s'), 10n, () => 1, class K {}, new Error('e')];",
    "objects",
  ],
  ["print(CONTEXT.grep(/l/), CONTEXT.read(1, 4), Object.keys(globalThis));", "echo(9); const late = 1; late"],
  ["const syntax = = 1;"],
  ["draws.push(Math.random()); all.length.nothing.more"],
  [
    "print(draws, new Error('here').stack, [3, 1, 2].toSorted(), 'ä'.localeCompare('z'), new Date().toString());",
  ],
];

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
  const turns: Turn[] = [];
  for (const block of PROGRAM) turns.push(...(await repl.play(block, answerOf)).turns);
  await repl.dispose();
  return turns.map(({ codeMs: _, ...turn }) => turn);
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

function ensureSame(turns: readonly unknown[], first: readonly unknown[], where: string): void {
  ensureEqual(turns.length, first.length, `the number of turns ${where}`);
  for (const [k, turn] of turns.entries()) ensureEqual(turn, first[k], `turn ${k} ${where}`);
}

async function followsOrder(rig: RuntimeRig): Promise<void> {
  const run = async (order: readonly number[]): Promise<string> => {
    const repl = await rig.open({ seed: "order" });
    const turns = [
      await repl.start(
        "const draw = async (i) => { await echo(i); print(i, Math.random()); };",
        "await Promise.all([0, 1].map(draw));",
      ),
    ];
    for (const index of order) {
      await new Promise((resolve) => setTimeout(resolve, index * 3));
      turns.push(await repl.answer(index, null));
    }
    return turns.map(({ output }) => output).join("");
  };
  const first = await run([0, 1]);
  ensureEqual(await run([0, 1]), first, "the output with the same order");
  ensure((await run([1, 0])) !== first, "the output does not depend on the order of answers");
}

const PLACE = [
  "const date = new Date(1700000000000);",
  "const own = Intl.DateTimeFormat().resolvedOptions();",
  "print(JSON.stringify([own.timeZone, own.locale, date.getTimezoneOffset(), date.getHours(), new Date(2020, 0, 1).getTime(),",
  "  Date.parse('2020-06-01T00:00:00'), date.toString(), date.toLocaleString(), date.toLocaleDateString(), date.toLocaleTimeString(),",
  "  (1234567.891).toLocaleString(), ['z', 'ä', 'a'].sort((a, b) => a.localeCompare(b)),",
  "  new Intl.NumberFormat().format(1234.5), typeof Temporal === 'object' ? Temporal.Now.timeZoneId() : null]));",
].join("\n");

async function fixesPlace(rig: RuntimeRig): Promise<void> {
  const zones = ["Pacific/Kiritimati", "America/St_Johns"];
  const before = process.env.TZ;
  const seen: unknown[] = [];
  try {
    for (const zone of zones) {
      process.env.TZ = zone;
      const other = await rig.another();
      const repl = await other.open();
      seen.push(await repl.json(PLACE).finally(() => other.close()));
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
  ensureEqual(seen[1], seen[0], `what code sees in ${zones[1]}, and in ${zones[0]}`);
}

async function listsGlobals(rig: RuntimeRig): Promise<void> {
  const list = "print(JSON.stringify(Object.getOwnPropertyNames(globalThis)));";
  const first = await rig.open();
  const names = await first.json(list);
  await first.ended("globalThis.mine = 1;");
  ensureEqual(await (await rig.open()).json(list), names, "the globals of another REPL");
  const marker = "rlmflowContractMarker";
  Object.defineProperty(globalThis, marker, { value: 1, configurable: true, enumerable: true });
  try {
    ensureEqual(await (await rig.open()).json(list), names, "the globals once the host has one more");
  } finally {
    Reflect.deleteProperty(globalThis, marker);
  }
}
