import {
  defineTool,
  type Graph,
  type OnAction,
  RLMFlow,
  type Run,
  type Runtime,
  type Tool,
} from "@rlmflow/core";
import { type Script, scriptedClient } from "@rlmflow/testing";
import type { Workspace } from "../../src/index.ts";

/** One reply after another of the agent `root`; the child `scan` answers twice, `fails` never, `late` not in time. */
const ROOT: readonly string[] = [
  "const found = new Map(); let total = await get(20); print(CONTEXT.read(0, 12), Math.random(), Date.now());\nthrow new RangeError('half-way');",
  "print('REFUSE this');",
  "total += 1; print('CHANGE this');",
  "print('nobody runs this');",
  [
    "const scan = delegate('scan', 'Scan the first half.', { context: CONTEXT.slice(0, 20), output: { type: 'integer' } });",
    "const fails = delegate('fails', 'Fail.', { maxIterations: 1 });",
    "const late = delegate('late', 'Take your time.');",
    "const [first, ends, posted] = await Promise.all([get(1), Promise.allSettled([scan, fails]), post('once')]);",
    "print(first, ends.map((end) => end.status), posted, (await llmQuery('How many?')).length);",
  ].join("\n"),
  "const again = await delegate(scan, 'Scan the second half.'); print(again, (await measure('large '.repeat(12_000))).length, 'wide '.repeat(14_000));",
  "total = -1; for (;;);",
  "await new Promise(() => {});",
  "try { await done('no object'); } catch (error) { print(error.message); }\nconst slow = get(60); await done({ total, found: 'row '.repeat(17_000) });",
  "await done({ total: total + 1, found: null });",
];

const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  "root.scan": [
    "const words = CONTEXT.read(0, 20).split(' '); words.length",
    "await done(words.length);",
    "await done(words.length + 1);",
  ],
  "root.fails": ["print('out of replies')"],
};

/** The tools of the golden runs. */
export function goldenTools(): readonly Tool[] {
  const number = { type: "number" } as const;
  const text = { type: "string" } as const;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  return [
    defineTool({
      name: "get",
      description: "A number, after so many milliseconds.",
      input: { type: "object", properties: { ms: number }, required: ["ms"] },
      repeat: "safe",
      run: async ({ ms }: { ms: number }) => {
        await pause(ms);
        return ms * 2;
      },
    }),
    defineTool({
      name: "post",
      description: "Sends something, once.",
      input: { type: "object", properties: { text }, required: ["text"] },
      repeat: "never",
      run: ({ text: sent }: { text: string }) => `sent ${sent}`,
    }),
    defineTool({
      name: "measure",
      description: "Lines of a text.",
      input: { type: "object", properties: { text }, required: ["text"] },
      repeat: "safe",
      run: ({ text: given }: { text: string }) => given.split(" "),
    }),
  ];
}

const policy: OnAction = ({ code }) => {
  if (code?.includes("REFUSE") === true) return { kind: "refuse", reason: "it says so" };
  if (code?.includes("CHANGE") === true) return { kind: "code", code: code.replace("CHANGE", "changed") };
  return { kind: "run" };
};

/**
 * Records a run that holds every type of node and every way in which one comes about: blobs, an intent, an answer
 * that came too late, a block undone, a further query, edits, a policy, a second turn. Golden files were made with it
 * and are never made again: a new format gets files of its own. Only the newest, until its first release, may still be
 * recorded again, see `record-golden.ts`.
 */
export async function recordRun(workspace: Workspace, runtime: Runtime): Promise<Graph> {
  let run: Run | null = null;
  const script: Script = async ({ agentId, turn, purpose }) => {
    if (purpose === "query") return "about seven";
    if (agentId === "root.late") return await new Promise<string>(() => {});
    if (agentId === "root" && turn === 3)
      void run?.apply({ kind: "code", agentId, code: "total += 10; print('a person wrote this', total);" });
    if (agentId === "root" && turn === 5) void run?.apply({ kind: "say", agentId, text: "Go on like this." });
    if (agentId === "root" && turn === 7)
      void run?.apply({ kind: "config", agentId, config: { maxOutputLength: 5000 } });
    const code = agentId === "root" ? ROOT[turn] : CHILDREN[agentId]?.[turn];
    if (agentId === "root" && turn === 7 && code !== undefined)
      return `Two blocks.\n${fenced(code)}\n${fenced("1")}`;
    return fenced(code ?? "await done(null)");
  };
  const flow = new RLMFlow({
    client: scriptedClient(script),
    runtime,
    tools: goldenTools(),
    workspace,
    onAction: policy,
    closeRuntimes: false,
    config: { maxIterations: 14, childMaxIterations: 4 },
  });
  run = flow.run("Count everything.", {
    runId: "golden",
    context: "one two three four five six seven \u{1F600} eight nine ten",
    output: { type: "object", properties: { total: { type: "number" } }, required: ["total"] },
    metadata: { made: "for the tests" },
  });
  const { graph } = await run;
  const { graph: whole } = await flow.continue(graph, "And once more.");
  await flow.close();
  return whole;
}

function fenced(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}
