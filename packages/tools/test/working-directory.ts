import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue, Tool, ToolContext } from "@rlmflow/core";
import { afterAll } from "vitest";

const made: string[] = [];

afterAll(async () => {
  await Promise.all(made.splice(0).map((path) => rm(path, { recursive: true, force: true })));
});

/** A fresh directory that is removed after the file's tests; what it gives is `outer/work`, so that there is an outside. */
export async function makeDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rlmflow tools é-"));
  made.push(path);
  return path;
}

/** The context of a call, with nothing special about it. */
export const context: ToolContext = {
  effectKey: "run/main/root#1/0",
  agentId: "root",
  depth: 0,
  signal: new AbortController().signal,
};

/** Calls a tool as the engine does: check, then run. */
export async function call(tools: readonly Tool[], name: string, ...args: JsonValue[]): Promise<JsonValue> {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool.run(await tool.check(args), context);
}

/** The message with which a call fails. */
export async function complaint(tools: readonly Tool[], name: string, ...args: JsonValue[]): Promise<string> {
  try {
    const answer = await call(tools, name, ...args);
    return `no failure: ${JSON.stringify(answer)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
