import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTool, RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { openWorkspace } from "@rlmflow/workspace";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { type Asked, block, type LoopbackServer, loopbackServer } from "../loopback-server.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow cli "));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function run(server: LoopbackServer, io: CapturedIo, ...args: string[]): Promise<number> {
  const where = ["--model", "test-model", "--base-url", server.url, "--dir", directory, "--runtime", "local"];
  return runProgram(["run", "What is it?", ...where, ...args], io);
}

async function resume(...args: string[]) {
  const io = new CapturedIo();
  const exitCode = await runProgram(["resume", directory, ...args], io);
  return { exitCode, stdout: io.stdout.text, stderr: io.stderr.text };
}

const counting = ({ turn }: Asked) =>
  block(turn === 0 ? "let seen = 1" : turn === 1 ? "seen += 1" : "done(seen)");

describe("rlmflow resume", () => {
  it("goes on after an interrupt with the options of the run, and asks nothing again", async () => {
    const io = new CapturedIo();
    await using server = await loopbackServer(async (asked) => {
      if (asked.turn === 1 && server.asked.length === 2) {
        io.interrupt();
        io.interrupt();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      return counting(asked);
    });
    expect(await run(server, io)).toBe(EXIT.interrupted);
    expect(io.stderr.text).toMatch(/Go on: rlmflow resume '.*rlmflow cli .*' --run \w+\n$/);
    const resumed = await resume();
    expect(resumed).toMatchObject({ exitCode: EXIT.ok, stdout: "2\n" });
    expect(resumed.stderr).toMatch(
      /^isolation .*\nrun \w+: 3 nodes kept, 1 reply is not asked for again, 1 agent goes on\n/,
    );
    expect(server.asked.map(({ turn }) => turn)).toEqual([0, 1, 1, 2]);
  });

  it("goes on after a limit only when it is raised, and says how", async () => {
    await using server = await loopbackServer(counting);
    const io = new CapturedIo();
    expect(await run(server, io, "--max-iterations", "1")).toBe(EXIT.budget);
    expect(io.stderr.text).toContain("--max-iterations …");
    const stuck = await resume();
    expect(stuck).toMatchObject({ exitCode: EXIT.budget, stdout: "" });
    expect(stuck.stderr).toContain("reached maxIterations = 1 after 1 reply without an answer.");
    expect(stuck.stderr).toContain("It goes on when the limit is raised");
    const other = await resume("--max-depth", "9");
    expect(other.stderr).toContain("only a higher maxIterations lets it go on");
    expect(await resume("--max-iterations", "9", "-q")).toEqual({
      exitCode: EXIT.ok,
      stdout: "2\n",
      stderr: "",
    });
  });

  it("remembers the model and the server that a resume was given, also in the hint and for forks", async () => {
    await using broken = await loopbackServer(counting);
    await run(broken, new CapturedIo(), "--max-iterations", "1");
    await broken[Symbol.asyncDispose]();
    await runProgram(["fork", directory, "--at", "root#2"], new CapturedIo());
    await using server = await loopbackServer(counting);
    const other = await resume(
      "--branch",
      "fork-1",
      ...["--max-iterations", "2", "-m", "m1", "--base-url", server.url],
    );
    expect(other.stderr).toMatch(
      /See it: rlmflow render .* --branch fork-1\. Go on: rlmflow resume .* --branch fork-1 --max-iterations …\n$/,
    );
    const again = await resume("--branch", "fork-1", "--max-iterations", "9");
    expect(again).toMatchObject({ exitCode: EXIT.ok, stdout: "2\n" });
    await using workspace = await openWorkspace(directory);
    const { metadata } = (await workspace.load(undefined, "fork-1")).run;
    expect(metadata).toMatchObject({ rlmflow: { model: "m1", baseUrl: server.url } });
    expect((await workspace.load()).run.metadata).toMatchObject({ rlmflow: { model: "test-model" } });
  });

  it("counts only the time in which it worked", async () => {
    await using server = await loopbackServer(counting);
    const began = performance.now();
    await run(server, new CapturedIo(), "--max-iterations", "1");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const { stderr } = await resume("--max-iterations", "9");
    const worked = Number(/^t=(\d+)s /m.exec(stderr)?.[1]);
    expect(worked).toBeLessThanOrEqual((performance.now() - began - 2500) / 1000);
  });

  it("tells the answer of a run that has answered, without a model", async () => {
    await using server = await loopbackServer(() => block("done('x'.repeat(70000))"));
    await run(server, new CapturedIo());
    await server[Symbol.asyncDispose]();
    const again = await resume();
    expect(again).toMatchObject({ exitCode: EXIT.ok, stdout: `${"x".repeat(70_000)}\n` });
    expect(again.stderr).toContain("had answered already; nothing was asked");
  });

  it("says what was resumed in the first line of JSON", async () => {
    await using server = await loopbackServer(counting);
    await run(server, new CapturedIo(), "--max-iterations", "2");
    const { stdout } = await resume("--max-iterations", "5", "--json", "-q");
    const [start] = stdout.split("\n").map((line) => JSON.parse(line || "{}"));
    expect(start).toMatchObject({ type: "start", resumed: { nodes: 6, replies: 2, droppedBytes: 0 } });
  });

  it("does not go on with a run that was cancelled, and says what can be done", async () => {
    const io = new CapturedIo();
    await using server = await loopbackServer(() => {
      io.interrupt();
      io.interrupt();
      return block("done(1)");
    });
    await run(server, io);
    await runProgram(["cancel", directory, "--agent", "root"], new CapturedIo());
    expect((await resume()).exitCode).toBe(EXIT.failed);
    const { exitCode, stderr } = await resume("--max-iterations", "9");
    expect(exitCode).toBe(EXIT.failed);
    expect(stderr).toMatch(
      /has failed: .* It can go another way from a node before root#\d+: see rlmflow fork/,
    );
  });

  it("goes on when the request failed that ended the run, and asks nothing again that was answered", async () => {
    let healthy = false;
    await using server = await loopbackServer((asked) =>
      asked.turn === 1 && !healthy ? 401 : counting(asked),
    );
    const io = new CapturedIo();
    expect(await run(server, io)).toBe(EXIT.failed);
    expect(io.stderr.text).toMatch(/Go on: rlmflow resume '.*' --run \w+\n$/);
    healthy = true;
    expect(await resume("--model", "another")).toMatchObject({ exitCode: EXIT.ok, stdout: "2\n" });
    expect(server.asked.map(({ turn }) => turn)).toEqual([0, 1, 1, 2]);
  });

  it("names everything that is missing in one error", async () => {
    const search = defineTool({
      name: "search",
      description: "Searches.",
      input: { type: "object", properties: {} },
      repeat: "safe",
      run: () => "",
    });
    await using workspace = await openWorkspace(directory);
    const flow = new RLMFlow({
      clients: { clever: scriptedClient([]) },
      runtimes: { own: localRuntime() },
      tools: [search],
      workspace,
    });
    await flow.start("Unfinished.");
    await flow.close();
    const { exitCode, stderr } = await resume();
    expect(exitCode).toBe(EXIT.usage);
    for (const part of [
      "- a model is needed: pass --model or set RLMFLOW_MODEL",
      "- the run needs the models clever of the program that began it",
      "- the run needs the runtimes own of the program that began it",
      "- the run needs the tools search of the program that began it",
    ])
      expect(stderr).toContain(part);
  });

  it("a further query needs the tools of the program that began the run, and asks no model without them", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    const measure = defineTool({
      name: "measure",
      description: "Measures.",
      input: { type: "object", properties: {} },
      repeat: "safe",
      run: () => "",
    });
    await using workspace = await openWorkspace(directory);
    const flow = new RLMFlow({
      client: scriptedClient([block("done(1)")]),
      runtime: localRuntime(),
      tools: [measure],
      workspace,
    });
    await flow.run("Begin.");
    await flow.close();
    const io = new CapturedIo();
    const where = ["--model", "m", "--base-url", server.url, "--runtime", "local"];
    expect(await runProgram(["continue", directory, "And on.", ...where], io)).toBe(EXIT.usage);
    expect(io.stderr.text).toContain(
      "- the run needs the tools measure of the program that began it: continue it there, with flow.continue",
    );
    expect(server.asked).toEqual([]);
  });

  it("keeps no key and no address that holds one with the run", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    const io = new CapturedIo({ environment: { MY_KEY: "secret" } });
    const withPassword = server.url.replace("http://", "http://user:hidden@");
    const args = ["--model", "m", "--base-url", withPassword, "--api-key-env", "MY_KEY", "--dir", directory];
    await runProgram(["run", "What is it?", ...args, "--runtime", "local", "-q"], io);
    await using workspace = await openWorkspace(directory);
    const [kept] = await workspace.runs();
    expect(kept?.metadata).toEqual({
      rlmflow: {
        model: "m",
        provider: "openai",
        runtime: "local",
        language: "javascript",
        files: "none",
        apiKeyEnv: "MY_KEY",
      },
    });
  });

  it("refuses a directory without a run", async () => {
    expect((await resume()).stderr).toContain("There is no run in");
  });
});

describe("rlmflow run --files", () => {
  it("lets agents read the files of the workspace, and write them only when asked to", async () => {
    await writeFile(join(directory, "notes.txt"), "42 apples");
    await using server = await loopbackServer(({ query }) =>
      block(
        query.includes("write")
          ? "await writeFile('out.txt', 'x'); done(await readFile('out.txt'))"
          : "done([await readFile('notes.txt'), typeof writeFile])",
      ),
    );
    const io = new CapturedIo();
    expect(await run(server, io, "--files", "read", "-q")).toBe(EXIT.ok);
    expect(JSON.parse(io.stdout.text)).toEqual(["42 apples", "undefined"]);
    const where = ["--model", "m", "--base-url", server.url, "--dir", directory, "--runtime", "local"];
    const writing = new CapturedIo();
    await runProgram(["run", "write it", ...where, "--files", "write", "-q"], writing);
    expect(writing.stdout.text).toBe("x\n");
    const none = new CapturedIo();
    expect(await runProgram(["run", "x", ...where, "--files", "all"], none)).toBe(EXIT.usage);
    expect(none.stderr.text).toContain('--files must be none, read or write, not "all"');
  });
});
