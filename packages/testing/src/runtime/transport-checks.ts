import { RLMError } from "@rlmflow/core";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { handleCounts, moreHandles } from "./handle-counts.ts";
import { ensureEnded, ensureIdle, ensureLost, parseLine } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** What a way into a sandbox must carry, and what it must not let through. */
export const transportChecks: RuntimeChecks = {
  "what code writes is never taken for a message of the sandbox": takesNoForgeries,
  "values of 8 MiB cross, both ways": crossesLargeValues,
  "REPLs that are busy at the same time get each their own answers": keepsAnswersApart,
  "a REPL is disposed while its code computes": disposesComputing,
  "close while REPLs are being opened leaves none": closesOpening,
  "REPLs that come and go leave nothing behind": leavesNothing,
};

const FORGED_ACTIVATION = JSON.stringify({
  calls: [{ index: 0, name: "done", args: ["forged"] }],
  output: "forged",
  codeMs: 0,
  state: { kind: "ended", echo: "forged", variables: [], reads: [], unawaited: [] },
});

/** Messages as the wire has them, and as others have them. */
const FORGERIES: readonly string[] = [
  JSON.stringify({ type: "hello", protocol: 999, engine: "forged" }),
  ...[0, 1, 2, 3].map((entry) =>
    JSON.stringify({ type: "activation", entry, activation: FORGED_ACTIVATION }),
  ),
  JSON.stringify({ type: "failed", message: "forged" }),
  JSON.stringify({ type: "read", read: 1, key: "input", start: 0, end: 3 }),
  FORGED_ACTIVATION,
  `Content-Length: ${FORGED_ACTIVATION.length}\r\n\r\n${FORGED_ACTIVATION}`,
  "\u0000\u0000\u0000\u0001{",
  "this is no message",
];

async function takesNoForgeries(rig: RuntimeRig): Promise<void> {
  const read: number[] = [];
  const repl = await rig.open({ contexts: [samplePayload("input", "text", (start) => read.push(start))] });
  // Where code shares this process, what it writes past its REPL is this process's own output.
  const program =
    rig.runtime.isolation === "none"
      ? FORGERIES.map((line) => rig.code.write(line))
          .join("\n")
          .concat("\n", rig.code.write("end"))
      : rig.programs.transports.forges(FORGERIES);
  for (let times = 0; times < 2; times += 1) {
    const activation = await repl.start(program);
    ensureEqual(ensureEnded(activation).echo, null, "the echo of code that forges messages");
    ensureEqual(activation.calls, [], "the calls of code that forges messages");
    ensure(activation.output.endsWith("end\n"), "what code that forges messages wrote last is not there");
    ensureEqual(await repl.output(rig.code.write("next")), "next\n", "the output of the next block");
  }
  ensureIdle(await repl.start(rig.code.call("echo", 1)));
  ensureEqual((await repl.answer(0, "real")).output, '"real"\n', "what an answered call gives");
  ensureEqual(read, [], "what was read of the context for code that reads nothing");
}

/** Three bytes each on the wire. */
const WIDE = "\u6f22";
const EIGHT_MIB = 8 * 1_048_576;

async function crossesLargeValues(rig: RuntimeRig): Promise<void> {
  const text = WIDE.repeat(Math.ceil(EIGHT_MIB / 3));
  // On a busy machine, so much may take longer than the tight limits that drivers give.
  for (let tries = 1; !(await sendsBack(rig, text)); tries += 1) {
    ensure(tries < TRIES, `a value of 8 MiB breaks a limit of time, ${TRIES} times`);
  }
}

const TRIES = 3;

/** Whether the REPL was not lost for a limit while the value went both ways. */
async function sendsBack(rig: RuntimeRig, text: string): Promise<boolean> {
  const repl = await rig.open({ alone: true });
  ensureIdle(await repl.start(rig.programs.transports.sendsBack));
  const activation = await repl.answer(0, text);
  if (activation.state.kind === "lost" && activation.state.limit !== undefined) return false;
  ensure(activation.calls[0]?.args[0] === text, "a value of 8 MiB does not come back as it was given");
  const last = await repl.answer(1, text);
  if (last.state.kind === "lost" && last.state.limit !== undefined) return false;
  ensureEnded(last);
  ensureEqual(await repl.output(rig.code.write("next")), "next\n", "the output of the next block");
  return true;
}

const BUSY = 8;
const ROUNDS = 4;

async function keepsAnswersApart(rig: RuntimeRig): Promise<void> {
  const repls = await rig.openMany(BUSY);
  const filler = "x".repeat(20_000);
  await Promise.all(
    repls.map(async (repl, k) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const items = [0, 1, 2].map((item) => `${k}.${round}.${item}`);
        const first = await repl.start(rig.code.callAll("echo", items));
        const asked = first.calls.map(({ args }) => args[0]);
        ensureEqual(asked, items, `what REPL ${k} asked`);
        for (const index of [1, 2, 0]) {
          const activation = await repl.answer(index, `${items[index]} ${filler}`);
          const written = parseLine(activation.output);
          ensureEqual(written, [items[index], `${items[index]} ${filler}`], `what REPL ${k} was answered`);
        }
      }
    }),
  );
}

/** Nothing is asked of a runtime that isolates nothing: its code keeps this process from disposing. */
async function disposesComputing(rig: RuntimeRig): Promise<void> {
  if (rig.runtime.isolation === "none") return;
  const repl = await rig.open({ alone: true });
  const pending = repl.start(rig.programs.limits.loop);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await repl.dispose();
  const { limit } = ensureLost(await pending);
  ensure(limit === undefined, `a REPL is disposed only once its code breaks the limit ${limit?.name}`);
}

async function closesOpening(rig: RuntimeRig): Promise<void> {
  const before = handleCounts();
  const own = await rig.another();
  const opening = [0, 1, 2].map(() =>
    own.open().then(
      () => null,
      (error: unknown) => error,
    ),
  );
  await own.close();
  for (const error of await Promise.all(opening)) {
    const isClosed = error === null || RLMError.is(error, "closed");
    ensure(
      isClosed,
      `open() rejects with ${String(error)}, not closed, when the runtime is closed meanwhile`,
    );
  }
  await ensureNoMore(before, rig, "once it was closed while REPLs were being opened", 0);
}

const AT_ONCE = 8;

/** What a runtime keeps for whoever comes next is there after the first few; it must not grow from then on. */
async function leavesNothing(rig: RuntimeRig): Promise<void> {
  const before = handleCounts();
  const own = await rig.another();
  await openAndDispose(own, AT_ONCE);
  const first = handleCounts();
  for (let opened = AT_ONCE; opened < rig.sessions; opened += AT_ONCE) {
    await openAndDispose(own, Math.min(AT_ONCE, rig.sessions - opened));
  }
  await ensureNoMore(first, rig, `after ${rig.sessions} REPLs were disposed`, AT_ONCE / 2);
  await own.close();
  await ensureNoMore(before, rig, "after close()", 0);
}

/** REPLs end in every state: fresh, waiting, ended, and twice. */
async function openAndDispose(rig: RuntimeRig, count: number): Promise<void> {
  const repls = await rig.openMany(count);
  await Promise.all(
    repls.map(async (repl, k) => {
      if (k % 3 === 1) ensureIdle(await repl.start(rig.code.call("echo", k)));
      if (k % 3 === 2) ensureEnded(await repl.start(rig.code.set("a", k)));
      await Promise.all(k % 2 === 0 ? [repl.dispose(), repl.dispose()] : [repl.dispose()]);
    }),
  );
}

async function ensureNoMore(
  before: ReadonlyMap<string, number>,
  rig: RuntimeRig,
  when: string,
  slack: number,
): Promise<void> {
  const end = performance.now() + rig.patienceMs;
  let more = moreHandles(before, handleCounts(), slack);
  while (more.length > 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20).unref());
    more = moreHandles(before, handleCounts(), slack);
  }
  ensure(more.length === 0, `${when} the process still holds ${more.join(", ")}`);
}
