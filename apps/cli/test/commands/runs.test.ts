import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { block, loopbackServer } from "../loopback-server.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function command(...args: string[]) {
  const io = new CapturedIo();
  const exitCode = await runProgram(args, io);
  return { exitCode, stdout: io.stdout.text, stderr: io.stderr.text };
}

function run(url: string, query: string, ...args: string[]) {
  const where = [
    "--model",
    "test-model",
    "--base-url",
    url,
    "--dir",
    directory,
    "--runtime",
    "local",
    "--quiet",
  ];
  return command("run", query, ...where, ...args);
}

describe("rlmflow runs", () => {
  it("lists what was asked, how it stands, what it took and what was answered, the newest first", async () => {
    await using server = await loopbackServer(({ query }) => block(`done(${JSON.stringify(query)}.length)`));
    await run(server.url, "How long is this?");
    await using broken = await loopbackServer(() => "no code");
    await run(broken.url, "Fail.", "--max-iterations", "1");
    const { exitCode, stdout } = await command("runs", directory);
    expect(exitCode).toBe(EXIT.ok);
    const [newest, oldest, ...others] = stdout.trimEnd().split("\n");
    expect(others).toEqual([]);
    expect(newest).toMatch(/^\w+ +failed +[\d.]+s ago +\d+ tokens +Fail\. +limit_reached .*/);
    expect(oldest).toMatch(/^\w+ +answered +[\d.]+s ago +\d+ tokens +How long is this\? +17$/);
  });

  it("gives each as a line of JSON with --json", async () => {
    await using server = await loopbackServer(() => block("done({ a: [1] })"));
    await run(server.url, "What?");
    const { stdout } = await command("runs", directory, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      type: "run",
      branch: "main",
      state: "answered",
      query: "What?",
      answer: { a: [1] },
      usage: { requests: 1, input: expect.any(Number), output: expect.any(Number) },
      problem: null,
    });
  });

  it("says how to make one where there is none", async () => {
    const { exitCode, stdout, stderr } = await command("runs", directory);
    expect([exitCode, stdout]).toEqual([EXIT.usage, ""]);
    expect(stderr).toContain(`There is no run in ${directory}`);
    await mkdir(join(directory, ".rlmflow"));
    expect(await command("runs", directory)).toMatchObject({
      exitCode: EXIT.ok,
      stdout: "",
      stderr: expect.stringContaining(`there is no run in ${directory}`),
    });
  });
});

describe("rlmflow continue", () => {
  it("gives a run that has ended a further query, with the options it was begun with and its variables", async () => {
    await using server = await loopbackServer(() => block("const kept = 'kept'; done(1)"));
    await using second = await loopbackServer(() => block("done(kept)"));
    expect((await run(server.url, "First.")).exitCode).toBe(EXIT.ok);
    const ended = await command("continue", directory, "And then?", "--quiet", "--base-url", second.url);
    expect(ended).toMatchObject({ exitCode: EXIT.ok, stdout: "kept\n" });
    const { stdout } = await command("runs", directory, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ query: "First.", answer: "kept", usage: { requests: 2 } });
  });

  it("takes a run that failed, and refuses in words what it can't use", async () => {
    await using server = await loopbackServer(() => 500);
    await run(server.url, "First.", "--max-retries", "0");
    const failed = await command("continue", directory, "More.", "--quiet", "--max-retries", "0");
    // A root that failed has ended: it takes a further query, and this one fails, too.
    expect(failed.exitCode).toBe(EXIT.failed);
    const missing = await command("continue", directory, "--quiet");
    expect(missing).toMatchObject({
      exitCode: EXIT.usage,
      stderr: expect.stringContaining("a query is needed"),
    });
    const nothing = await command("continue", join(directory, "elsewhere"), "More.");
    expect(nothing).toMatchObject({
      exitCode: EXIT.usage,
      stderr: expect.stringContaining("There is no run"),
    });
  });
});
