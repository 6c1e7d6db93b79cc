import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { type Asked, block, type LoopbackServer, loopbackServer } from "../loopback-server.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function run(server: LoopbackServer, io: CapturedIo, ...args: string[]): Promise<number> {
  const where = ["--model", "test-model", "--base-url", server.url, "--dir", directory, "--runtime", "local"];
  return runProgram(["run", "What is it?", ...where, ...args], io);
}

function linesOf(io: CapturedIo): Record<string, unknown>[] {
  return io.stdout.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const mapReduce = ({ query, turn }: Asked) => {
  if (query.includes("part")) return block(`done(${query.match(/part (\d)/)?.[1]} * 2)`);
  const code = "const parts = await wait(...[1, 2, 3].map((n) => delegate('part', 'part ' + n)))";
  return turn === 0 ? `I split.\n\n${block(code)}` : block("done(parts.join('-'))");
};

describe("rlmflow run", () => {
  it("writes the answer alone to stdout, and progress to stderr", async () => {
    await using server = await loopbackServer(mapReduce);
    const io = new CapturedIo();
    expect(await run(server, io)).toBe(EXIT.ok);
    expect(io.stdout.text).toBe("2-4-6\n");
    expect(io.stderr.text).toMatch(
      /^isolation .*\nrun \w+\nt=\d+s agents=4 done=4 err=0 tok=600 cost=\?\ndone after /,
    );
    expect(io.stderr.text).toContain(`rlmflow render ${directory} --run `);
  });

  it("writes every event as a line of JSON with --json, and nothing else", async () => {
    await using server = await loopbackServer(mapReduce);
    const io = new CapturedIo();
    expect(await run(server, io, "--json", "--quiet", "--price", "10/50")).toBe(EXIT.ok);
    const lines = linesOf(io);
    expect(lines.every((line) => line.v === 1)).toBe(true);
    expect(lines[0]).toMatchObject({ type: "start", runId: expect.any(String) });
    expect(lines.slice(1, -1).every((line) => line.type === "node")).toBe(true);
    expect(lines.slice(1, -1).length).toBeGreaterThan(15);
    expect(lines.at(-1)).toMatchObject({
      type: "end",
      status: "ok",
      exitCode: 0,
      answer: "2-4-6",
      agents: 4,
      usage: { input: 500, output: 100, costMicroUsd: 10_000 },
    });
    expect(io.stderr.text).toBe("");
  });

  it("shows progress as JSON on stderr with --progress json", async () => {
    await using server = await loopbackServer(mapReduce);
    const io = new CapturedIo();
    await run(server, io, "--progress", "json");
    const last = JSON.parse(io.stderr.text.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ v: 1, type: "progress", agents: 4, done: 4, failed: 0 });
  });

  it("gives files and standard input to the run as contexts", async () => {
    const file = join(directory, "notes.txt");
    await writeFile(file, "from a file");
    const code = "done([CONTEXT.get('notes.txt').read(0, 100), CONTEXT.get('stdin').read(0, 100)])";
    await using server = await loopbackServer(() => block(code));
    const io = new CapturedIo({
      input: [Buffer.from("from h"), Buffer.from("ère").subarray(0, 1), Buffer.from("ère").subarray(1)],
    });
    expect(await run(server, io, "--context", file, "-")).toBe(EXIT.ok);
    expect(JSON.parse(io.stdout.text)).toEqual(["from a file", "from hère"]);
  });

  it("takes no standard input that is not UTF-8, and asks nobody", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    const io = new CapturedIo({ input: [Buffer.from([0x61, 0xff])] });
    expect(await run(server, io, "--context", "-")).toBe(EXIT.usage);
    expect(io.stderr.text).toContain("--context -: standard input is not UTF-8 text; convert it");
    expect(server.asked).toEqual([]);
  });

  it("holds the answer to a schema", async () => {
    const schema = join(directory, "schema.json");
    await writeFile(
      schema,
      JSON.stringify({ type: "object", properties: { n: { type: "number" } }, required: ["n"] }),
    );
    await using server = await loopbackServer(({ turn }) =>
      block(turn === 0 ? "done('four')" : "done({ n: 4 })"),
    );
    const io = new CapturedIo();
    expect(await run(server, io, "--output", schema)).toBe(EXIT.ok);
    expect(JSON.parse(io.stdout.text)).toEqual({ n: 4 });
    expect(server.asked).toHaveLength(2);
  });

  it("takes control sequences out of the answer on a terminal, and only there", async () => {
    await using server = await loopbackServer(() => block("done('a\\u001b]0;x\\u0007b')"));
    const terminal = new CapturedIo({ isTTY: true, environment: { CI: "1" } });
    await run(server, terminal);
    expect(terminal.stdout.text).toBe("ab\n");
    const pipe = new CapturedIo();
    await run(server, pipe);
    expect(pipe.stdout.text).toBe("a\u001b]0;x\u0007b\n");
  });

  it("ends with 1 when the request fails for good, and says why", async () => {
    await using server = await loopbackServer(() => 401);
    const io = new CapturedIo();
    expect(await run(server, io, "--json")).toBe(EXIT.failed);
    expect(linesOf(io).at(-1)).toMatchObject({
      type: "end",
      status: "failed",
      exitCode: 1,
      error: { code: "request_failed" },
    });
    expect(io.stderr.text).toContain("rlmflow: ");
    expect(io.stderr.text).toContain("401");
  });

  it("tells an unknown cost as unknown, and never as 0", async () => {
    await using server = await loopbackServer(mapReduce);
    const io = new CapturedIo();
    await run(server, io, "--json", "--progress", "json");
    const unknown = { costMicroUsd: null, unknownCost: 5, cached: null, reasoning: null, input: 500 };
    expect(linesOf(io).at(-1)?.usage).toMatchObject(unknown);
    expect(JSON.parse(io.stderr.text.trimEnd().split("\n").at(-1) ?? "").usage).toMatchObject(unknown);
    const shown = new CapturedIo();
    await runProgram(["render", directory, "--json"], shown);
    expect(JSON.parse(shown.stdout.text).usage).toMatchObject(unknown);
  });

  it("says that a request is made again, how often and why", async () => {
    let asked = 0;
    await using server = await loopbackServer(() => (++asked < 3 ? 503 : block("done('at last')")));
    const io = new CapturedIo();
    expect(await run(server, io, "--json")).toBe(EXIT.ok);
    expect(io.stderr.text).toMatch(
      /retry root: request 1 to test-model failed, the next in \d\.\ds: .*overloaded.*503/,
    );
    expect(io.stderr.text).toMatch(/t=\d+s .* retries=2\n/);
    expect(linesOf(io).filter(({ type }) => type === "retry")).toMatchObject([
      { attempt: 1 },
      { attempt: 2 },
    ]);
  });

  it("makes no request more often than --max-retries allows", async () => {
    await using server = await loopbackServer(() => 503);
    const io = new CapturedIo();
    expect(await run(server, io, "--max-retries", "0")).toBe(EXIT.failed);
    expect(server.asked).toHaveLength(1);
  });

  it("names the server that can't be reached, and the model, once", async () => {
    const server = await loopbackServer(() => "");
    await server[Symbol.asyncDispose]();
    const io = new CapturedIo();
    expect(await run(server, io, "--max-retries", "0")).toBe(EXIT.failed);
    expect(io.stderr.text).toContain(`ECONNREFUSED ${new URL(server.url).host}`);
    expect(io.stderr.text.split("test-model")).toHaveLength(2);
  });

  it.skipIf(process.platform === "win32")("reads a context from a pipe, as a shell makes one", async () => {
    await using server = await loopbackServer(() => block("done(CONTEXT.read(0, 100))"));
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const written = once(spawn("sh", ["-c", 'printf "from a pipe" > "$0"', pipe]), "close");
    const io = new CapturedIo();
    expect(await run(server, io, "--context", pipe)).toBe(EXIT.ok);
    expect(io.stdout.text).toBe("from a pipe\n");
    await written;
  });

  it("ends with 3 when a limit is reached", async () => {
    await using server = await loopbackServer(() => block("print('on and on')"));
    const io = new CapturedIo();
    expect(await run(server, io, "--max-iterations", "3")).toBe(EXIT.budget);
    expect(io.stderr.text).toContain("maxIterations");
    expect(io.stderr.text).toContain("limit reached after");
    expect(io.stdout.text).toBe("");
  });

  it("ends with 2 before anything is asked when options are wrong, all named at once", async () => {
    await using server = await loopbackServer(() => 500);
    const io = new CapturedIo();
    const missing = join(directory, "missing.txt");
    expect(await run(server, io, "--max-depth", "x", "--context", missing, directory)).toBe(EXIT.usage);
    expect(io.stderr.text).toContain("--max-depth must be");
    expect(io.stderr.text).toContain(`--context ${missing}: there is no such file`);
    expect(io.stderr.text).toContain(`--context ${directory}: it is a directory, and a file is needed`);
    expect(server.asked).toHaveLength(0);
  });

  it.each([
    [["run", "q", "--bogus"], "unknown option '--bogus'"],
    [["walk"], "unknown command 'walk'"],
    [["run", "q", "--model"], "argument missing"],
    [["run", "q", "--api-key", "sk-secret"], "there is no --api-key"],
  ])("ends with 2 for %j", async (args, says) => {
    const io = new CapturedIo();
    expect(await runProgram(args, io)).toBe(EXIT.usage);
    expect(io.stderr.text).toContain(says);
    expect(io.stderr.text).not.toContain("sk-secret");
  });

  it("refuses a schema that is none, by the name of its file", async () => {
    const schema = join(directory, "schema.json");
    await writeFile(schema, "{ nope");
    await using server = await loopbackServer(() => 500);
    const io = new CapturedIo();
    expect(await run(server, io, "--output", schema)).toBe(EXIT.usage);
    expect(io.stderr.text).toContain(`${schema} holds no JSON Schema`);
  });

  it("helps without an error", async () => {
    const io = new CapturedIo();
    expect(await runProgram(["run", "--help"], io)).toBe(EXIT.ok);
    expect(io.stdout.text).toContain("--max-tokens");
    expect(io.stdout.text).not.toContain("--api-key ");
  });
});

describe("rlmflow run, interrupted", () => {
  it("takes in what is in flight and keeps the run", async () => {
    const inFlight = Promise.withResolvers<void>();
    await using server = await loopbackServer(async () => {
      inFlight.resolve();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return block("print(1)");
    });
    const io = new CapturedIo();
    const ended = run(server, io, "--json", "--progress", "plain");
    await inFlight.promise;
    io.interrupt();
    expect(await ended).toBe(EXIT.interrupted);
    const lines = linesOf(io);
    expect(lines.at(-1)).toMatchObject({
      type: "end",
      status: "interrupted",
      exitCode: 130,
      usage: { requests: 1 },
    });
    expect(lines.some(({ node }) => JSON.stringify(node ?? "").includes('"action"'))).toBe(true);
    expect(io.stderr.text).toContain("Stopping: ");
    const shown = new CapturedIo();
    expect(await runProgram(["render", directory], shown)).toBe(EXIT.ok);
    expect(shown.stdout.text).toContain("A  #1   action");
  });

  it("cuts what is in flight at the second interrupt", async () => {
    const inFlight = Promise.withResolvers<void>();
    await using server = await loopbackServer(async () => {
      inFlight.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200_000).unref());
      return "late";
    });
    const io = new CapturedIo();
    const started = Date.now();
    const ended = run(server, io);
    await inFlight.promise;
    io.interrupt();
    io.interrupt();
    expect(await ended).toBe(EXIT.interrupted);
    expect(Date.now() - started).toBeLessThan(100_000);
  });
});
