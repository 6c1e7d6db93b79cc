import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { javascriptLanguage } from "../../src/index.ts";

/** Runs the server with these lines as its input; the contract is run over it by the runtimes that start it. */
async function serve(lines: readonly object[], flags: readonly string[] = []) {
  const child = spawn(process.execPath, [javascriptLanguage.server.file, ...flags]);
  const exit = once(child, "exit");
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const [[stdout, stderr], [code]] = await Promise.all([said, exit]);
  const frames = stdout.split("\n").filter((line) => line !== "");
  return { frames: frames.map((line): { type: string } => JSON.parse(line)), stderr, code };
}

const SPEC = {
  agentId: "root",
  depth: 0,
  maxDepth: 0,
  seed: "s",
  contexts: [],
  globals: {},
  functions: [],
  limits: {},
};
const OPEN = { type: "open", protocol: 1, spec: JSON.stringify(SPEC) };

describe("the REPL server", () => {
  test("says hello first, and ends well with its input", async () => {
    const { frames, code } = await serve([]);
    expect(frames).toEqual([
      { type: "hello", protocol: 1, engine: `v8 ${process.versions.v8}`, language: "javascript" },
    ]);
    expect(code).toBe(0);
  });

  test("opens a REPL, runs blocks in it and ends when it is disposed", async () => {
    const written = javascriptLanguage.blockText({ id: "root#1", code: "print(6 * 7)", now: 0 });
    const block = written.ok ? written.text : "";
    const { frames, code } = await serve([OPEN, { type: "start", entry: 1, block }, { type: "dispose" }]);
    expect(frames.map(({ type }) => type)).toEqual(["hello", "opened", "output", "activation"]);
    expect(JSON.stringify(frames[3])).toContain("42");
    expect(code).toBe(0);
  });

  test("stops code that computes too long, and says which limit that was", async () => {
    const written = javascriptLanguage.blockText({ id: "root#1", code: "for (;;);", now: 0 });
    const block = written.ok ? written.text : "";
    const { frames } = await serve([OPEN, { type: "start", entry: 1, block }], ["--time-ms", "200"]);
    expect(frames.at(-1)).toMatchObject({
      type: "failed",
      limit: { name: "timeMs", value: 200, unit: "ms" },
    });
  });

  test("says what was wrong with what it was sent", async () => {
    const { frames } = await serve([{ type: "nonsense" }]);
    expect(frames.at(-1)).toMatchObject({
      type: "failed",
      message: expect.stringContaining("was sent a frame of unknown type"),
    });
  });
});
