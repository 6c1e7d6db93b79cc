import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { checkRun, fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { type ContextsInput, memoryStores } from "../../../src/index.ts";
import { block, failureOf, flowOf } from "../flow-fixture.ts";
import { inlineRuntime } from "../inline-runtime.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function* of<T>(...pieces: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const piece of pieces) yield piece;
}

/** What the root of a run with this context can read, by key. */
async function readBy(context: ContextsInput): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  const runtime = inlineRuntime(({ spec }) => {
    for (const { key, read, characters } of spec.contexts) seen[key] = read(0, characters);
  });
  await using flow = flowOf([block("done(1)")], { runtime });
  await checkRun((await flow.run("Go.", { context })).graph);
  return seen;
}

describe("one context is", () => {
  const smile = bytes("a\u{1F600}b");
  test.each<[string, () => ContextsInput, string]>([
    ["text", () => "a\nb", "a\nb"],
    ["empty text", () => "", ""],
    ["bytes", () => smile, "a\u{1F600}b"],
    ["a Buffer", () => Buffer.from("ä"), "ä"],
    ["a part of a larger buffer", () => Buffer.from("xäx").subarray(1, 3), "ä"],
    ["an ArrayBuffer", () => bytes("ä").buffer as ArrayBuffer, "ä"],
    ["bytes with a byte order mark", () => bytes("\uFEFFa"), "a"],
    ["pieces of text", () => of("a", "b"), "ab"],
    [
      "pieces of bytes that part a character",
      () => of(smile.subarray(0, 3), smile.subarray(3)),
      "a\u{1F600}b",
    ],
    ["pieces of both", () => of<string | Uint8Array>(smile, "c"), "a\u{1F600}bc"],
    ["a stream of Node", () => Readable.from([Buffer.from("a"), Buffer.from("b")]), "ab"],
    ["a stream of the web", () => new Response("ab").body as ReadableStream<Uint8Array>, "ab"],
    ["a list", () => ["a", 1, { b: null }], '["a",1,{"b":null}]'],
    ["an empty list", () => [], "[]"],
    ["a list of records with a type of their own", () => [{ id: 1 } satisfies Row], '[{"id":1}]'],
    ["a number", () => 7, "7"],
    ["false", () => false, "false"],
    ["text with metadata", () => ({ text: "a", metadata: { from: "b" } }), "a"],
    ["bytes with metadata", () => ({ text: bytes("a"), metadata: { from: "b" } }), "a"],
    ["pieces of bytes with metadata", () => ({ text: of(bytes("a")), metadata: {} }), "a"],
  ])("%s", async (_what, context, text) => {
    expect(await readBy(context())).toEqual({ context: text });
  });

  interface Row {
    readonly id: number;
  }

  test("a file that is read as a stream", async () => {
    const path = join(tmpdir(), `rlmflow-context-${process.pid}.txt`);
    await writeFile(path, "ä".repeat(100_000));
    expect(await readBy(createReadStream(path))).toEqual({ context: "ä".repeat(100_000) });
  });
});

test("several contexts are an object of those by key, each of which may be plain data too", async () => {
  const context = {
    a: "text",
    b: bytes("bytes"),
    c: [1, 2],
    d: { deep: { e: 1 } },
    f: of("pie", "ces"),
    g: 1,
  };
  expect(await readBy(context)).toEqual({
    a: "text",
    b: "bytes",
    c: "[1,2]",
    d: '{"deep":{"e":1}}',
    f: "pieces",
    g: "1",
  });
  expect(await readBy({ text: "a", other: "b" })).toEqual({ text: "a", other: "b" });
  expect(await readBy({})).toEqual({});
});

describe("what is refused, and why", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  class Point {
    readonly x = 1;
  }
  test.each<[unknown, string]>([
    [null, "context is null: leave it out"],
    [() => "a", "context is a function: call it"],
    [Promise.resolve("a"), "context is a promise: await it first"],
    [new URL("file:///a"), "context is a URL"],
    [new Map([["a", "b"]]), "context is a Map: pass Object.fromEntries(map)"],
    [new Set(["a"]), "context is a Set: pass [...set]"],
    [new Blob(["a"]), "context is a Blob: pass await blob.text()"],
    [new Response("a"), "context is a Response: pass response.body"],
    [new Float64Array(2), "context is an array of numbers"],
    [new Date(0), "context is not JSON: it holds an instance of Date"],
    [new Point(), "context is not JSON: it holds an instance of Point"],
    [1n, "context is not JSON: it holds a bigint"],
    [Number.NaN, "context is not JSON: it holds NaN"],
    [[1, [new Date(0)]], "context is not JSON: it holds an instance of Date at [1][0]"],
    [circle, "it holds something nested too deeply (or in a circle)"],
    [{ a: undefined }, "context.a is undefined: leave it out"],
    [{ a: null }, "context.a is null: leave it out"],
    [{ a: { b: new Date(0) } }, "context.a is not JSON"],
    [{ a: Promise.resolve("b") }, "context.a is a promise"],
    [new Uint8Array([0xff, 0xfe]), "context is not UTF-8 text: convert it"],
    [{ a: new Uint8Array([0xff]) }, "context.a is not UTF-8 text"],
    [{ text: new Uint8Array([0xff]), metadata: {} }, "context.text is not UTF-8 text"],
    [of(bytes("a\u{1F600}").subarray(0, 3)), "context is not UTF-8 text"],
    [
      of<unknown>({ a: 1 }),
      "context is a stream with a piece that is neither text nor bytes: it is an object",
    ],
    [of<unknown>(7), "context is a stream with a piece that is neither text nor bytes: it is a number"],
  ])("%s", async (context, reason) => {
    const stores = memoryStores(fixedEnvironment().digest);
    await using flow = flowOf([block("done(1)")], { workspace: stores });
    const error = await failureOf(flow.run("Go.", { context: context as ContextsInput, runId: "run" }));
    expect(error).toMatchObject({ code: "invalid_options", message: expect.stringContaining(reason) });
    // Nothing was recorded: the id may be used for another attempt.
    expect((await flow.run("Go.", { runId: "run" })).answer).toBe(1);
  });

  test("and what a stream fails with is told as it is", async () => {
    async function* broken(): AsyncGenerator<string> {
      yield "a";
      throw new RangeError("the line is dead");
    }
    await using flow = flowOf([block("done(1)")]);
    await expect(flow.run("Go.", { context: broken() })).rejects.toThrow("the line is dead");
  });
});
