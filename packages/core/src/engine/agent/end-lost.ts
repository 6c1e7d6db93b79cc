import type { AgentState } from "../../data/graph/agent-state.ts";
import type { ActivationState } from "../../protocols/runtime.ts";
import { observeUndone } from "../../rules/block-end.ts";
import type { LiveBlock } from "../repl/live-block.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { appendBlockEnd, earlierOutput, packBlock } from "./end-block.ts";
import { madeCalls } from "./made-calls.ts";

/** Blocks in a row that may lose their sandbox without a limit being broken: each costs a request. */
const MOST_LOSSES = 4;

/** A block that broke a limit or lost its sandbox: it is undone, and the model is told what is not. */
export async function endLost(
  port: AgentPort,
  state: AgentState,
  block: LiveBlock,
  lost: Extract<ActivationState, { kind: "lost" }>,
): Promise<TransitionEnd> {
  const { limit } = lost;
  const losses = limit === undefined ? 1 + lossesInARow(port) : 0;
  const isOver = losses >= MOST_LOSSES;
  const { output } = block;
  const { content, shown } = observeUndone({
    output: (await earlierOutput(port, block.action)) + output,
    problem:
      limit === undefined
        ? `The sandbox was lost: ${lost.message}`
        : `The block broke a limit: ${limit.name} = ${limit.value} ${limit.unit}. ${lost.message}`,
    calls: await madeCalls(port, state, block),
    remark: losses > 1 ? repeatedLoss(losses) : limit?.unit === "MB" ? largeVariables(port) : "",
    maxOutputLength: state.config.maxOutputLength,
    repliesLeft: state.config.maxIterations - state.iterations,
  });
  port.inFlight.running.clear();
  const attempts = await port.inFlight.unrecorded();
  await appendBlockEnd(port, block, {
    type: "error",
    kind: limit === undefined ? "sandbox_lost" : "block_limit",
    message: isOver
      ? `${losses} blocks in a row lost their sandbox, the last one so: ${lost.message}`
      : lost.message,
    content,
    fatal: isOver,
    dropped: block.action.id,
    ...(attempts.length > 0 && { attempts }),
    ...(limit !== undefined && { limit: { name: limit.name, value: limit.value } }),
    ...(await packBlock(port, block, Math.min(shown, output.length))),
  });
  const delegated = isOver ? [] : childrenOf(port, block);
  if (isOver) await port.children.cancel("its parent failed");
  else if (delegated.length > 0)
    await port.children.cancel("the block that delegated to it was undone", delegated);
  return { kind: isOver ? "ended" : "moved" };
}

function childrenOf({ journal: { graph } }: AgentPort, { action }: LiveBlock): readonly string[] {
  return graph
    .calls(action.id)
    .flatMap(({ name, outcome }) =>
      name === "delegate" && outcome?.ok === true ? [String(outcome.value)] : [],
    );
}

/** How many of the agent's blocks just before this one lost their sandbox, each without breaking a limit. */
function lossesInARow({ journal: { graph }, agentId }: AgentPort): number {
  let losses = 0;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node?.type === "error" && node.kind === "sandbox_lost") losses += 1;
    else if (node?.type !== "action" && node?.type !== "supervising") break;
  }
  return losses;
}

/** A variable of this many elements or characters is mentioned when memory ran out. */
const LARGE = 1_000_000;
const MOST_LARGE = 3;

/** Large variables of earlier blocks: they may be why a block that needs little memory broke the limit. */
function largeVariables({ journal: { graph }, agentId }: AgentPort): string {
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined || !("block" in node) || node.block === undefined) continue;
    if (node.type === "error" && node.dropped !== undefined) continue;
    const large = node.block.variables
      .flatMap(({ name, size }) => (size !== null && size >= LARGE ? [{ name, size }] : []))
      .sort((one, other) => other.size - one.size)
      .slice(0, MOST_LARGE)
      .map(({ name, size }) => `${name} (size ${size})`);
    return large.length === 0 ? "" : `Large variables that existed before it: ${large.join(", ")}.`;
  }
  return "";
}

function repeatedLoss(losses: number): string {
  return `That is ${losses} blocks in a row. If it is not this block's doing, an earlier block's is: what it left (a hook, a thread, a patched library) is there again each time the REPL is rebuilt.`;
}
