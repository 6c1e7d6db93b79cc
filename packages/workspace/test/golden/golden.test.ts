import { readdirSync, readFileSync } from "node:fs";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadTrace, RLMFlow, saveTrace } from "@rlmflow/core";
import { FORMAT } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { decodeLine } from "../../src/log/log-line.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { goldenTools, recordRun } from "./record-run.ts";

const formats = readdirSync(import.meta.dirname).filter((name) => name.startsWith("format-"));
const LOG = ["runs", "golden", "branches", "main", "log.jsonl"] as const;

function linesOf(log: string): readonly string[] {
  return log.split("\n").slice(0, -1);
}

describe.each(formats)("a workspace that was written in %s", (format) => {
  const golden = join(import.meta.dirname, format, "rlmflow");
  const log = readFileSync(join(golden, ...LOG), "utf8");

  async function openGolden() {
    const directory = await temporaryDirectory();
    await cp(golden, join(directory, ".rlmflow"), { recursive: true });
    return await openedWorkspace(directory);
  }

  test("is read, with its blobs and contexts, and keeps the laws", async () => {
    const workspace = await openGolden();
    const graph = await workspace.load("golden");
    await checkRun(graph, { store: await workspace.openRun("golden") });
    const trace = join(import.meta.dirname, "../../../core/test/golden", format, "trace.json");
    const recorded = await loadTrace(await readFile(trace, "utf8"));
    const store = await recorded.stores.openRun("golden", "main");
    expect(await saveTrace(graph, workspace)).toBe(await saveTrace(recorded.graph, store));
  });

  test("goes on: a further query, after a process that only looked, and a fork", async () => {
    const workspace = await openGolden();
    const before = await filesOf(workspace.directory);
    const graph = await workspace.load("golden");
    await workspace.examine("golden", "main");
    expect(await filesOf(workspace.directory)).toEqual(before);
    const runtime = localRuntime({ timeMs: 500 });
    const client = scriptedClient(() => "```repl\nawait done({ total: 7, found: null })\n```");
    const flow = new RLMFlow({
      client,
      runtime,
      workspace,
      tools: goldenTools(),
      config: { maxIterations: 99 },
    });
    const { graph: further } = await flow.continue(graph, "And a third time.");
    expect(further.result).toEqual({ total: 7, found: null });
    expect(graph.isPrefixOf(further) || further.length > graph.length).toBe(true);
    const fork = await workspace.fork({ runId: "golden", at: "root#3", name: "again" });
    expect(fork.graph.length).toBeGreaterThan(3);
    await flow.close();
    const { log: path, info } = workspace.branchPaths("golden");
    const lines = linesOf(await readFile(path, "utf8"));
    expect(lines.map((line) => decodeLine(Buffer.from(line)).format)).toEqual(lines.map(() => FORMAT));
    expect(JSON.parse(await readFile(info, "utf8")).format).toBe(FORMAT);
    await checkRun(await workspace.load("golden"), { store: await workspace.openRun("golden") });
    expect(await workspace.load("golden", "again").then(({ length }) => length)).toBe(fork.graph.length);
  });

  test.runIf(format === `format-${FORMAT}`)("is written today as it was then, byte by byte", async () => {
    const workspace = await openGolden();
    const { run } = await workspace.load("golden");
    const again = await openedWorkspace();
    const store = await again.createRun(run);
    for (const line of linesOf(log)) {
      const { agentId, n, nodes } = decodeLine(Buffer.from(line));
      await store.append(agentId, n, nodes);
    }
    await store.close();
    expect(await readFile(join(again.directory, ".rlmflow", ...LOG), "utf8")).toBe(log);
  });
});

/** Every file below a directory with what it holds. */
async function filesOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, "latin1")])),
  );
}

/** The fields of each kind of node, those of what it holds included. */
function fields(value: unknown, path: string, into: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[]` : `${path}.${key}`;
    into.add(place);
    if (!/\.(args|outcome\.value|result|globals|metadata|output)$/.test(place)) fields(inner, place, into);
  }
}

/** What readers know of a cut request: whether one is under way when its agent is cancelled is chance. */
const CUT_ERROR = {
  attempts: [
    {
      startedAt: 0,
      firstTokenAt: null,
      endedAt: 0,
      outcome: "cancelled",
      message: "",
      usage: { input: null, cached: null, output: null, reasoning: null, costMicroUsd: null },
    },
  ],
};

/** Fields of format 2 that its golden run does not show. */
const FORMAT_2 = ["query.input", "action.requestDigest"];

test(`a run recorded today has no field that a reader of format ${FORMAT} would not know`, async () => {
  const known = new Set<string>(FORMAT_2);
  fields(CUT_ERROR, "error", known);
  const log = readFileSync(join(import.meta.dirname, `format-${FORMAT}`, "rlmflow", ...LOG), "utf8");
  for (const line of linesOf(log))
    for (const node of decodeLine(Buffer.from(line)).nodes) fields(node, node.type, known);
  const runtime = localRuntime({ timeMs: 500 });
  const workspace = await openedWorkspace();
  const graph = await recordRun(workspace, runtime);
  const used = new Set<string>();
  for (const node of graph.walk()) fields(node, node.type, used);
  expect([...used].filter((field) => !known.has(field))).toEqual([]);
  await runtime.close();
});
