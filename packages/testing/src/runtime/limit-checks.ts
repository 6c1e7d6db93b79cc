import type { Activation } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";
import type { LimitSamples } from "../samples/sample-programs.ts";
import { ensureIdle, ensureLost } from "./repl-rig.ts";
import type { Examine, RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** How a runtime that isolates ends code that will not end. Nothing is asked of one that isolates nothing. */
export const limitChecks: RuntimeChecks = {
  "a loop without end is lost and blamed": isolated(ends("loop")),
  "microtasks without end are lost and blamed": isolated(ends("tasks")),
  "a loop without end after an answer is lost and blamed": isolated(losesAfterAnswer),
  "code that fills the memory is lost and blamed, or throws": isolated(ends("fillsMemory", "throws")),
  "a recursion without end throws or is lost": isolated(ends("recursion", "throws")),
  "REPLs of other runs go on beside one that is lost": isolated(sparesOthers),
};

/** The check, for runtimes that isolate. */
function isolated(examine: Examine): Examine {
  return async (rig) => {
    if (rig.runtime.isolation !== "none") await examine(rig);
  };
}

function ends(sample: keyof LimitSamples, otherwise?: "throws"): Examine {
  return async (rig) => {
    const repl = await rig.open({ alone: true });
    const activation = await repl.start(rig.code.write("begun"), rig.programs.limits[sample]);
    if (otherwise === "throws" && activation.state.kind === "threw") return;
    ensureBlamed(activation);
    ensureLost(await repl.start(rig.code.write("after")));
    await repl.dispose();
    const next = await rig.open({ alone: true });
    ensureEqual(await next.output(rig.code.write("next")), "next\n", "the output of the next REPL");
  };
}

function ensureBlamed(activation: Activation): void {
  const { blame, message, limit } = ensureLost(activation);
  ensureEqual(blame, "block", "who is blamed");
  if (limit === undefined) return;
  ensure(message.includes(String(limit.value)), `the message does not say the limit's value: ${message}`);
}

async function losesAfterAnswer(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ alone: true });
  ensureIdle(await repl.start(rig.programs.limits.loopAfterAnswer));
  ensureBlamed(await repl.answer(0, true));
  await repl.dispose();
}

async function sparesOthers(rig: RuntimeRig): Promise<void> {
  const [mate, stranger] = await Promise.all([
    rig.open({ agentId: "root.mate" }),
    rig.open({ agentId: "root.stranger", group: "run-2" }),
  ]);
  const lost = await rig.open();
  const { loop, echoesA } = rig.programs.limits;
  await mate.ended(rig.code.set("a", 1));
  await stranger.ended(rig.code.set("a", 1));
  const [activation, beside] = await Promise.all([lost.start(loop), stranger.start(echoesA)]);
  ensureBlamed(activation);
  ensureIdle(beside);
  ensureEqual((await stranger.answer(0, 1)).state.kind, "ended", "the state of a REPL of another run");
  ensureEqual(await stranger.json(rig.code.show("a")), 1, "its variable");
  const { state } = await mate.start(rig.code.show("a"));
  const isWell = state.kind === "ended" || (state.kind === "lost" && state.blame === "none");
  ensure(
    isWell,
    `a REPL of the same run is ${state.kind}${state.kind === "lost" ? `, blamed: ${state.blame}` : ""}`,
  );
}
