import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { Graph, loadTrace, saveTrace } from "../../src/index.ts";
import { FORMAT } from "../../src/store.ts";

const formats = readdirSync(import.meta.dirname).filter((name) => name.startsWith("format-"));

/** The text of a trace with what migrations change. */
function inFormatOfToday(text: string): string {
  const today = text.replace(/^\{"format":\d+/, `{"format":${FORMAT}`);
  if (!text.startsWith('{"format":1,')) return today;
  return today
    .replace(/"turn":(\d+),"depth"/g, '"ordinal":$1,"depth"')
    .replace(/"kernel":\{"language"/g, '"language":{"name"');
}

describe.each(formats)("a run that was recorded in %s", (format) => {
  const text = readFileSync(join(import.meta.dirname, format, "trace.json"), "utf8");

  test("is read, keeps the laws and is written as it was, in the format of today", async () => {
    const { graph, stores } = await loadTrace(text);
    const store = await stores.openRun(graph.run.runId, graph.branch);
    await checkRun(graph, { store });
    expect(await saveTrace(graph, store)).toBe(inFormatOfToday(text));
    expect(graph.result).toEqual({ total: 52, found: null });
  });

  test("holds every type of node and every way in which one comes about", () => {
    const nodes = [...Graph.fromJSON(JSON.parse(text)).walk()];
    expect(new Set(nodes.map(({ type }) => type)).size).toBe(8);
    expect(new Set(nodes.map(({ origin }) => origin))).toEqual(new Set(["engine", "user", "policy"]));
    const kinds = nodes.flatMap((node) => (node.type === "error" ? [node.kind] : []));
    expect(kinds).toEqual(["exception", "limit_reached", "block_limit", "deadlock", "cancelled"]);
    const calls = nodes.flatMap((node) => (node.type === "call" ? [node] : []));
    expect(new Set(calls.map(({ name }) => name))).toEqual(
      new Set(["get", "post", "measure", "delegate", "wait", "llmQuery", "done"]),
    );
    expect(calls.filter(({ intent }) => intent === true)).toHaveLength(1);
    expect(calls.filter(({ undelivered }) => undelivered === true)).toHaveLength(1);
    const blobs = nodes.flatMap((node) => ("blobs" in node ? Object.keys(node.blobs ?? {}) : []));
    expect(new Set(blobs)).toEqual(new Set(["args", "outcome", "output", "result"]));
  });
});
