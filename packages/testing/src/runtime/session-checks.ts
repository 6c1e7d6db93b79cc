import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle, ensureThrew, parseLine, type ReplRig } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

const ISOLATIONS = ["none", "process", "isolate", "container", "remote"];

/** What a runtime says of itself, and how its REPLs stand beside each other. */
export const sessionChecks: RuntimeChecks = {
  "says what it is": saysWhatItIs,
  "its language tells code that parses from code that does not": knowsItsLanguage,
  "opens REPLs at the same time": opensAtOnce,
  "what an agent sets is seen by no other": keepsAgentsApart,
  "a REPL starts empty, also after one of the same agent": startsEmpty,
  "blocks of several REPLs run side by side": runsSideBySide,
  "a REPL goes on while others end": survivesOthers,
};

async function saysWhatItIs({ runtime }: RuntimeRig): Promise<void> {
  ensureEqual(runtime.protocol, 1, "protocol");
  ensure(runtime.name !== "", "the name is empty");
  ensure(ISOLATIONS.includes(runtime.isolation), `the isolation is ${runtime.isolation}`);
  ensure(["exact", "best-effort"].includes(runtime.replay), `the replay is ${runtime.replay}`);
  const { name, engine, fences } = runtime.language;
  ensure(name !== "" && engine !== "", "the language does not name itself and its engine");
  ensure(fences.length > 0, "the language names no fence");
}

async function knowsItsLanguage({ runtime, code }: RuntimeRig): Promise<void> {
  const good = [code.set("a", [1]), code.show("a"), code.call("echo", { b: "c" })].join("\n");
  ensureEqual(runtime.language.parses(good), null, "what parses() says of code that parses");
  const said = runtime.language.parses(code.malformed);
  ensure(typeof said === "string" && said !== "", "parses() says nothing of code that does not parse");
}

async function opensAtOnce(rig: RuntimeRig): Promise<void> {
  const repls = await rig.openMany(10);
  ensureEqual(new Set(repls.map(({ session }) => session)).size, 10, "the number of sessions");
  const outputs = await Promise.all(repls.map((repl, k) => repl.output(rig.code.write(`I am ${k}`))));
  ensureEqual(
    outputs,
    repls.map((_, k) => `I am ${k}\n`),
    "the outputs",
  );
}

async function keepsAgentsApart(rig: RuntimeRig): Promise<void> {
  const repls = await rig.openMany(4);
  for (const [k, repl] of repls.entries()) await repl.ended(rig.code.set("own", `of agent ${k}`));
  for (const [k, repl] of repls.entries()) {
    ensureEqual(await repl.json(rig.code.show("own")), `of agent ${k}`, `the variable of agent ${k}`);
  }
  const [first, second] = repls;
  await first?.ended(rig.code.set("secret", 1));
  if (second) await second.threw(rig.code.show("secret"));
}

async function startsEmpty(rig: RuntimeRig): Promise<void> {
  const first = await rig.open();
  await first.ended(rig.code.set("left", "behind"));
  const beside = await rig.open();
  await beside.threw(rig.code.show("left"));
  await first.dispose();
  const after = await rig.open();
  await after.threw(rig.code.show("left"));
}

async function runsSideBySide(rig: RuntimeRig): Promise<void> {
  const repls = await rig.openMany(5);
  const waiting = await Promise.all(
    repls.map((repl, k) => repl.start(rig.code.write(`begin ${k}`), rig.code.call("echo", k))),
  );
  ensureEqual(
    waiting.map(({ output }) => output),
    repls.map((_, k) => `begin ${k}\n`),
    "the outputs",
  );
  for (const activation of waiting) ensureIdle(activation);
  const reversed = [...repls.entries()].reverse();
  const activations = await Promise.all(reversed.map(([k, repl]) => repl.answer(0, { to: k })));
  for (const activation of activations) ensureEnded(activation);
  const answers = activations.map(({ output }) => parseLine(output));
  ensureEqual(
    answers,
    reversed.map(([k]) => ({ to: k })),
    "the answers",
  );
}

async function survivesOthers(rig: RuntimeRig): Promise<void> {
  const [staying, ...leaving] = await rig.openMany(6);
  if (staying === undefined) return;
  const { code } = rig;
  await staying.ended(code.set("kept", [1, { two: 3 }]));
  ensureIdle(await staying.start(code.call("echo", "still here?")));
  for (const [k, repl] of leaving.entries()) await endIn(repl, k, rig);
  const activation = await staying.answer(0, "yes");
  ensureEnded(activation);
  ensureEqual(parseLine(activation.output), "yes", "the answer");
  ensureEqual(await staying.json(code.show("kept")), [1, { two: 3 }], "the variable");
}

/** Ends a REPL: after it threw, while it waits, or fresh. */
async function endIn(repl: ReplRig, place: number, { code }: RuntimeRig): Promise<void> {
  if (place % 3 === 0) ensureThrew(await repl.start(code.fail("the end")));
  if (place % 3 === 1) ensureIdle(await repl.start(code.call("echo", "nobody answers")));
  await repl.dispose();
}
