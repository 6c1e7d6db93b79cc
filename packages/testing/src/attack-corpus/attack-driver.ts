import type { Outcome, Runtime } from "@rlmflow/core";
import type { Activation, Block, Call, ReplSession, ReplSpec } from "@rlmflow/core/driver";
import { within } from "../contract/contract.ts";

/** Answers given in one block before it is left as it is. */
const MAX_ANSWERS = 200;
/** Milliseconds after which an activation that has not come will not come. */
const ACTIVATION_MS = 60_000;
/** Tries, each after the first in a sandbox of its own. */
const MAX_TRIES = 3;
const NOW = 1_700_000_000_000;
const CONTEXT_TEXT = "one line\nanother line aaaa\n".repeat(200);

/** The activations of each block of a case that was started. */
export type Transcript = readonly (readonly Activation[])[];

/** Runs the blocks in one REPL, answering their calls, until one does not end. */
export async function runBlocks(
  runtime: Runtime,
  blocks: readonly string[],
  alone = false,
): Promise<Transcript> {
  for (let tries = 1; ; tries += 1) {
    const transcript = await runOnce(runtime, blocks, alone || tries > 1);
    const end = transcript.at(-1)?.at(-1)?.state;
    if (end?.kind !== "lost" || end.blame === "block" || tries === MAX_TRIES) return transcript;
  }
}

async function runOnce(runtime: Runtime, blocks: readonly string[], alone: boolean): Promise<Transcript> {
  const session = await within(ACTIVATION_MS, "opening a REPL", runtime.open(specOf(alone)));
  try {
    const transcript: Activation[][] = [];
    for (const [place, code] of blocks.entries()) {
      const activations = await runBlock(session, { id: `root#${place}`, code, now: NOW + place });
      transcript.push(activations);
      const kind = activations.at(-1)?.state.kind;
      if (kind !== "ended" && kind !== "threw") break;
    }
    return transcript;
  } finally {
    await within(ACTIVATION_MS, "disposing a REPL", session.dispose());
  }
}

async function runBlock(session: ReplSession, block: Block): Promise<Activation[]> {
  const first = await within(ACTIVATION_MS, "a block's first activation", session.start(block));
  const activations = [first];
  const waiting = [...first.calls];
  for (let answers = 0; answers < MAX_ANSWERS; answers += 1) {
    const call = waiting.shift();
    if (!call || activations.at(-1)?.state.kind === "lost") break;
    if (call.name === "done") continue;
    const answer = { index: call.index, outcome: answerTo(call), now: NOW + 1000 + answers };
    const activation = await within(ACTIVATION_MS, "the activation after an answer", session.deliver(answer));
    activations.push(activation);
    waiting.push(...activation.calls);
  }
  return activations;
}

function answerTo(call: Call): Outcome {
  switch (call.name) {
    case "echo":
      return { ok: true, value: call.args[0] ?? null };
    case "delegate":
      return { ok: true, value: "root.child" };
    case "llmQuery":
      return { ok: true, value: "text" };
    case "wait":
      return { ok: true, value: call.args.map(() => ({ ok: true, value: "child's answer" })) };
    default:
      return { ok: false, error: { name: "ToolError", message: "the tool failed" } };
  }
}

function specOf(alone: boolean): ReplSpec {
  const characters = CONTEXT_TEXT.length;
  const read = (start: number, end: number) => CONTEXT_TEXT.slice(start, end);
  return {
    agentId: "root",
    group: "attack",
    depth: 0,
    maxDepth: 3,
    seed: "attack",
    contexts: [{ key: "input", characters, digest: "attack-corpus", read }],
    globals: { given: { list: [1, 2] } },
    functions: ["echo", "fail"],
    alone,
  };
}
