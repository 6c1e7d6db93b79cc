import { readdirSync, readFileSync } from "node:fs";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { saveTrace } from "@rlmflow/core";
import { checkRun } from "@rlmflow/core/testing";
import { localRuntime } from "@rlmflow/runtime-local";
import { describe, expect, test } from "vitest";
import { decodeLine } from "../../src/log-line.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { recordRun } from "./record-run.ts";

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
    expect(await saveTrace(graph, workspace)).toBe(await readFile(trace, "utf8"));
  });

  test("is written today as it was then, byte by byte", async () => {
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

/** The fields of each kind of node, those of what it holds included. */
function fields(value: unknown, path: string, into: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[]` : `${path}.${key}`;
    into.add(place);
    if (!/\.(args|outcome\.value|result|globals|metadata|output)$/.test(place)) fields(inner, place, into);
  }
}

/** What readers of format 1 know of a cut request: whether one is under way when its agent is cancelled is chance. */
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

/** What format 2 has beyond format 1. */
const FORMAT_2 = ["query.input"];

test("a run recorded today has no field that a reader of formats 1 and 2 would not know", async () => {
  const known = new Set<string>(FORMAT_2);
  fields(CUT_ERROR, "error", known);
  const log = readFileSync(join(import.meta.dirname, "format-1", "rlmflow", ...LOG), "utf8");
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
