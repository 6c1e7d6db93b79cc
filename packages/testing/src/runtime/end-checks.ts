import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RLMError } from "@rlmflow/core";
import type { Activation, ContextPayload } from "@rlmflow/core/driver";
import { ensure, ensureEqual, rejectionOf } from "../contract/contract.ts";
import { handleCounts, moreHandles } from "./handle-counts.ts";
import { ensureEnded, ensureIdle, ensureLost, type ReplRig } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** How REPLs and runtimes end. */
export const endChecks: RuntimeChecks = {
  "a REPL may be disposed twice, and does nothing after it": disposesTwice,
  "a REPL may be disposed while it waits for an answer": disposesWaiting,
  "an activation that is pending when its REPL is disposed is lost": losesPending,
  "after close no REPL opens": refusesAfterClose,
  "close may be called twice and ends what is open": closesOpen,
  "close leaves no handle of the process behind": leavesNoHandle,
  "twenty REPLs that were disposed are forgotten": forgetsDisposed,
};

async function disposesTwice(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.ended(rig.code.set("a", 1));
  await Promise.all([repl.dispose(), repl.dispose()]);
  await repl.dispose();
  await ensureGone(repl, rig);
  const fresh = await rig.open();
  await rig.within("disposing a REPL that ran nothing", fresh.dispose());
}

async function disposesWaiting(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  ensureIdle(await repl.start(rig.code.call("echo", 1)));
  await repl.dispose();
  const next = await rig.open();
  ensureEqual(await next.output(rig.code.write("next")), "next\n", "the output of the next REPL");
}

/** What is asked of a disposed REPL settles: as lost, or with `closed`. */
async function ensureGone(repl: ReplRig, rig: RuntimeRig): Promise<void> {
  const end = await settled(repl.start(rig.code.write("too late")));
  ensureLostOr("closed", "a start after the REPL was disposed", end);
}

async function losesPending(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const pending = settled(repl.start(rig.code.flood(1_000_000), rig.code.call("echo", 1)));
  const disposed = repl.dispose();
  const end = await pending;
  await disposed;
  ensure(
    !("error" in end),
    `an activation that was pending when its REPL was disposed rejects: ${told(end)}`,
  );
  ensureLost(end.activation);
}

async function refusesAfterClose(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  await repl.ended(rig.code.set("a", 1));
  await rig.close();
  const error = await rejectionOf("open() after close()", rig.open());
  ensure(RLMError.is(error, "closed"), `open() after close() rejects with ${String(error)}, not closed`);
}

async function closesOpen(rig: RuntimeRig): Promise<void> {
  const [idle, busy] = [await rig.open(), await rig.open({ agentId: "root.busy" })];
  ensureIdle(await idle.start(rig.code.call("echo", 1)));
  const pending = settled(busy.start(rig.code.flood(1_000_000), rig.code.call("echo", 1)));
  await Promise.all([rig.close(), rig.close()]);
  await rig.close();
  ensureLostOr("closed", "an activation that was pending when its runtime was closed", await pending);
  ensureLostOr("closed", "an answer after the runtime was closed", await settled(idle.answer(0, 1)));
  await idle.dispose();
}

async function leavesNoHandle(rig: RuntimeRig): Promise<void> {
  const before = handleCounts();
  const own = await rig.another();
  for (const repl of await own.openMany(3)) await repl.start(own.code.call("echo", 1));
  await own.close();
  const end = performance.now() + rig.patienceMs;
  let more = moreHandles(before, handleCounts());
  while (more.length > 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20).unref());
    more = moreHandles(before, handleCounts());
  }
  ensure(more.length === 0, `after close() the process still holds ${more.join(", ")}`);
}

const REPLS = 20;
/** Of the REPLs that ended, those at most that may linger: in caches, on stacks. */
const MAX_LINGERING = 4;

async function forgetsDisposed(rig: RuntimeRig): Promise<void> {
  const payloads: WeakRef<ContextPayload>[] = [];
  for (let k = 0; k < REPLS; k += 1) payloads.push(await openAndDispose(rig, k));
  const last = await rig.open();
  ensureEqual(await last.output(rig.code.write("last")), "last\n", "the output of one more REPL");
  const collect = garbageCollector();
  let lingering = REPLS;
  for (let tries = 0; tries < 20 && lingering > MAX_LINGERING; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    lingering = payloads.filter((payload) => payload.deref() !== undefined).length;
  }
  ensure(
    lingering <= MAX_LINGERING,
    `the contexts of ${lingering} of ${REPLS} disposed REPLs are still held`,
  );
}

async function openAndDispose(rig: RuntimeRig, k: number): Promise<WeakRef<ContextPayload>> {
  const payload = samplePayload("input", `the text of ${k}`);
  const repl = await rig.open({ contexts: [payload] });
  const activation = await repl.start(rig.code.set("a", "x".repeat(1000)), rig.code.leave("echo", k));
  ensureEnded(activation);
  await repl.dispose();
  return new WeakRef(payload);
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

type Settled = { readonly activation: Activation } | { readonly error: unknown };

function settled(pending: Promise<Activation>): Promise<Settled> {
  return pending.then(
    (activation) => ({ activation }),
    (error: unknown) => ({ error }),
  );
}

function ensureLostOr(code: "closed", what: string, end: Settled): void {
  const holds = "error" in end ? RLMError.is(end.error, code) : end.activation.state.kind === "lost";
  ensure(holds, `${what} is neither lost nor rejected as ${code}: ${told(end)}`);
}

function told(end: Settled): string {
  return "error" in end ? String(end.error) : end.activation.state.kind;
}
