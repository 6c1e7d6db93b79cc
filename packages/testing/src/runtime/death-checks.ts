import type { Activation } from "@rlmflow/core/driver";
import { ensure, ensureEqual } from "../contract/contract.ts";
import { ensureEnded, ensureIdle, ensureLost, type ReplRig } from "./repl-rig.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import type { RuntimeRig } from "./runtime-rig.ts";

/** What becomes of a REPL whose sandbox is ended from outside, for drivers that can end one. */
export const deathChecks: RuntimeChecks = {
  "a fresh REPL that dies is lost with nobody to blame": losesFresh,
  "a REPL that dies while it waits is lost with nobody to blame": losesWaiting,
  "a REPL that dies between blocks is lost with nobody to blame": losesBetween,
  "a REPL that dies while code runs is lost": losesRunning,
  "a REPL that died may be disposed, and others go on": sparesOthers,
};

async function losesFresh(rig: RuntimeRig): Promise<void> {
  await ensureUnblamed(
    rig,
    async () => {},
    (repl) => repl.start(rig.code.write("too late")),
  );
}

async function losesWaiting(rig: RuntimeRig): Promise<void> {
  await ensureUnblamed(
    rig,
    async (repl) => ensureIdle(await repl.start(rig.code.call("echo", 1))),
    (repl) => repl.answer(0, 1),
  );
}

async function losesBetween(rig: RuntimeRig): Promise<void> {
  await ensureUnblamed(
    rig,
    async (repl) => void (await repl.ended(rig.code.set("a", 1))),
    (repl) => repl.start(rig.code.show("a")),
  );
}

/** Until the news of a death has come, an entry may begin, and then its code is blamed. On busy machines it takes long. */
const NEWS_MS: readonly number[] = [50, 500, 5000];

async function ensureUnblamed(
  rig: RuntimeRig,
  before: (repl: ReplRig) => Promise<void>,
  after: (repl: ReplRig) => Promise<Activation>,
): Promise<void> {
  let blame = "";
  for (const wait of NEWS_MS) {
    const repl = await rig.open({ alone: true });
    await before(repl);
    await rig.kill(repl);
    await new Promise((resolve) => setTimeout(resolve, wait));
    const lost = ensureLost(await after(repl));
    ensureEqual(lost.limit, undefined, "the limit that a killed REPL is said to have broken");
    blame = lost.blame;
    if (blame !== "none") continue;
    const again = ensureLost(await repl.start(rig.code.write("too late")));
    ensureEqual(again.blame, "none", "who is blamed for what was asked of a REPL after its death");
    return;
  }
  ensure(false, `${blame} is blamed for a sandbox that died while nothing ran`);
}

/** Who is to blame can't be told: it may have been the code. */
async function losesRunning(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ alone: true });
  const pending = repl.start(rig.programs.limits.loop);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await rig.kill(repl);
  const { limit } = ensureLost(await pending);
  ensure(limit === undefined, `a REPL that was killed is said to have broken the limit ${limit?.name}`);
}

async function sparesOthers(rig: RuntimeRig): Promise<void> {
  const dying = await rig.open({ alone: true });
  const stranger = await rig.open({ agentId: "root.stranger", group: "run-2" });
  await stranger.ended(rig.code.set("a", 1));
  await rig.kill(dying);
  await dying.dispose();
  ensureEqual(await stranger.json(rig.code.show("a")), 1, "the variable of a REPL of another run");
  const next = await rig.open({ alone: true });
  ensureEnded(await next.start(rig.code.write("next")));
}
