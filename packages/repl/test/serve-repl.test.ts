import { RLMError } from "@rlmflow/core";
import { expect, test } from "vitest";
import { decodeReply, encodeFrame, type RequestFrame, readThrough } from "../src/driver.ts";
import { type ServedRepl, serveRepl } from "../src/index.ts";

/** Serves a REPL to these requests and gives all that it said, and what became of it. */
async function serve(requests: readonly (RequestFrame | string)[], repl: Partial<ServedRepl> = {}) {
  const said: unknown[] = [];
  const log: string[] = [];
  const channel = {
    send: async (frame: string) => {
      said.push(decodeReply(frame));
    },
    async *receive() {
      for (const request of requests) yield typeof request === "string" ? request : encodeFrame(request);
    },
    close: async () => {
      log.push("closed");
    },
  };
  const makeRepl = async (spec: string): Promise<ServedRepl> => {
    log.push(`made ${spec}`);
    const dispose = async () => {
      log.push("disposed");
    };
    return {
      start: async (text) => `started ${text}`,
      deliver: async (text) => `delivered ${text}`,
      dispose,
      ...repl,
    };
  };
  await serveRepl(channel, { engine: "v8 1", makeRepl });
  return { said, log };
}

const OPEN: RequestFrame = { type: "open", protocol: 1, spec: "spec" };

test("serves one REPL from hello to dispose", async () => {
  const { said, log } = await serve([
    OPEN,
    { type: "start", entry: 1, block: "b" },
    { type: "deliver", entry: 2, answer: "a" },
    { type: "dispose" },
    { type: "start", entry: 3, block: "late" },
  ]);
  expect(said).toEqual([
    { type: "hello", protocol: 1, engine: "v8 1" },
    { type: "opened" },
    { type: "activation", entry: 1, activation: "started b" },
    { type: "activation", entry: 2, activation: "delivered a" },
  ]);
  expect(log).toEqual(["made spec", "disposed", "closed"]);
});

test("says why a REPL is gone, and the limit", async () => {
  const limit = { name: "timeMs", value: 5, unit: "ms" };
  const start = async (): Promise<string> => {
    throw new RLMError("sandbox_lost", "too slow", { details: { limit } });
  };
  const { said, log } = await serve([OPEN, { type: "start", entry: 1, block: "b" }], { start });
  expect(said.at(-1)).toEqual({ type: "failed", message: "too slow", limit });
  expect(log).toEqual(["made spec", "disposed", "closed"]);
});

test("gives up on an engine that speaks nonsense", async () => {
  const { said, log } = await serve(["nonsense"]);
  expect(said.at(-1)).toMatchObject({ type: "failed", message: expect.stringContaining("not JSON") });
  expect(log).toEqual(["closed"]);
});

test("a context is read through a blocking exchange of frames", () => {
  const asked: unknown[] = [];
  const read = readThrough((frame) => {
    asked.push(decodeReply(frame));
    return encodeFrame({ type: "range", read: asked.length, text: asked.length === 1 ? "text" : null });
  });
  expect(read("doc", 5, 9)).toBe("text");
  expect(asked).toEqual([{ type: "read", read: 1, key: "doc", start: 5, end: 9 }]);
  expect(() => read("doc", 0, 1)).toThrow('The context "doc" could not be read.');
});
