import type { Activation, ReplSession } from "@rlmflow/core/driver";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { openWorkspace } from "@rlmflow/workspace";
import { sendResult } from "../fresh-process.ts";
import { bareSpec } from "../isolate/bare-spec.ts";
import { sandboxProcesses } from "../isolate/sandbox-processes.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

/** What the sandbox processes take while all agents are alive and have read, in bytes for each process. */
export interface ReadersMemory {
  readonly processes: number;
  readonly rss: number;
  readonly peak: number;
}

const [characters = 1024, agents = 200] = process.argv.slice(2).map(Number);
/** As many as share a process by default. */
const AGENTS_PER_PROCESS = 8;

/**
 * Reads the agent's own part of the context and 20 places all over it; one agent of each process searches
 * the whole of it.
 */
function codeOf(agent: number): string {
  return `
const { characters } = CONTEXT.info();
const part = Math.ceil(characters / ${agents});
let seen = CONTEXT.read(${agent} * part, ${agent + 1} * part).length;
for (let place = 0; place < 20; place++) {
  const start = Math.floor(Math.random() * Math.max(0, characters - 4096));
  seen += CONTEXT.read(start, start + 4096).length;
}
if (${agent % AGENTS_PER_PROCESS} === 0) seen += CONTEXT.grep(/fox 77 jumps/, 5).length;
print(seen);
`;
}

/** Text of the length, a line each 64 characters. */
async function* lines(): AsyncGenerator<string> {
  for (let written = 0; written < characters; written += 64 * 1024) {
    const count = Math.min(1024, Math.ceil((characters - written) / 64));
    yield Array.from({ length: count }, (_, line) => lineOf(written / 64 + line)).join("");
  }
}

function lineOf(number: number): string {
  return `${`line ${number}: the quick brown fox ${number % 100} jumps over`.padEnd(63, ".")}\n`;
}

async function measure(directory: string): Promise<ReadersMemory> {
  await using workspace = await openWorkspace(directory);
  const { digest } = await workspace.payloads.putContext(lines());
  const payload = { ...(await workspace.payloads.openContext(digest)), key: "context" };
  const runtime = isolatedRuntime({
    agentsPerProcess: AGENTS_PER_PROCESS,
    maxProcesses: Math.ceil(agents / AGENTS_PER_PROCESS),
    spareProcesses: 0,
    limits: { timeMs: 60_000, wallMs: 120_000, rssMB: 4096 },
  });
  const sessions: ReplSession[] = [];
  for (let agent = 0; agent < agents; agent++) {
    const session = await runtime.open(bareSpec(`root.c_${agent}`, [payload]));
    sessions.push(session);
    check(await session.start({ id: `root.c_${agent}#1`, code: codeOf(agent), now: 0 }));
  }
  const memory = sandboxProcesses();
  const mean = (of: (process: (typeof memory)[number]) => number) =>
    memory.reduce((sum, process) => sum + of(process), 0) / memory.length;
  await runtime.close();
  return { processes: memory.length, rss: mean(({ rss }) => rss), peak: mean(({ peak }) => peak) };
}

function check({ state }: Activation): void {
  if (state.kind !== "ended") throw new TypeError(`The block did not end: ${JSON.stringify(state)}`);
}

sendResult(await inTemporaryDirectory(measure));
