import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeType } from "@rlmflow/core";
import { openWorkspace } from "@rlmflow/workspace";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { type Asked, block, type LoopbackServer, loopbackServer } from "../loopback-server.ts";
import { SampleRun } from "../sample-run.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow cli "));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function command(...args: string[]) {
  const [name = "", ...rest] = args;
  const io = new CapturedIo();
  const exitCode = await runProgram([name, directory, ...rest], io);
  return { exitCode, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** A run in this process, which the commands reach through the workspace as they would from another. */
function begin(server: LoopbackServer) {
  const io = new CapturedIo();
  const where = [
    "--model",
    "m",
    "--base-url",
    server.url,
    "--dir",
    directory,
    "--runtime",
    "local",
    "--plain",
  ];
  return { io, ended: runProgram(["run", "Go.", ...where], io) };
}

/** A server of which the replies of one turn are held back. */
async function heldServer(reply: (asked: Asked) => string, holds: (asked: Asked) => boolean) {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const server = await loopbackServer(async (request) => {
    if (holds(request)) {
      asked.resolve();
      await held.promise;
    }
    return reply(request);
  });
  return { server, asked: asked.promise, letGo: () => held.resolve() };
}

/** Resolves when something was asked of the run, not done yet, and taken by it: it looks ten times a second. */
async function somethingWaits(): Promise<void> {
  await using workspace = await openWorkspace(directory);
  const inbox = await workspace.inbox();
  while ((await inbox.pending()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

/** Resolves when the agent's newest node in the log is of this type. */
async function nodeOf(agentId: string, type: NodeType): Promise<void> {
  await using workspace = await openWorkspace(directory);
  while ((await workspace.load()).head(agentId)?.type !== type)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

const first = ({ turn }: Asked) => turn === 0;
const twoTurns = ({ turn }: Asked) => block(turn === 0 ? "print('one')" : "done('end')");

describe("commands that reach a run in another process", () => {
  it("say lands behind what is in flight, and the reply is kept", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    const said = command("say", "Mind", "the gap.");
    await somethingWaits();
    letGo();
    expect(await said).toEqual({ exitCode: EXIT.ok, stdout: "say root: done, as root#2\n", stderr: "" });
    expect(await ended).toBe(EXIT.ok);
    expect(io.stdout.text).toBe("end\n");
    expect(server.asked).toHaveLength(2);
  });

  it("a refused edit is told to the sender and to the run", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    const refused = await command("say", "-a", "root.nobody", "hello");
    expect(refused.exitCode).toBe(EXIT.failed);
    expect(refused.stderr).toContain("refused to say root.nobody: There is no agent root.nobody");
    letGo();
    expect(await ended).toBe(EXIT.ok);
    expect(io.stderr.text).toContain("refused to say root.nobody: There is no agent root.nobody");
  });

  it("waits no longer than it is told to, and the edit is kept", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended } = begin(server);
    await asked;
    const waited = await command("final", "--wait", "1s");
    expect(waited.exitCode).toBe(EXIT.pending);
    expect(waited.stderr).toContain("not done within 1 s: the agent is busy");
    letGo();
    expect(await ended).toBe(EXIT.ok);
  });

  it("pause, code and unpause change what runs before it runs", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    expect((await command("pause")).stdout).toMatch(/^pause run \w+: done\n$/);
    letGo();
    const file = join(directory, "other.js");
    await writeFile(file, "done('from a file')");
    await nodeOf("root", "action");
    expect(await command("code", "-a", "root", file)).toMatchObject({
      stdout: "code root: done, as root#2\n",
    });
    await command("unpause");
    expect(await ended).toBe(EXIT.ok);
    expect(io.stdout.text).toBe("from a file\n");
  });

  it("runs and watch say that it is paused, and that it goes on", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended } = begin(server);
    await asked;
    const stateOf = async () => JSON.parse((await command("runs", "--json")).stdout).state;
    expect(await stateOf()).toBe("running");
    await command("pause");
    expect(await stateOf()).toBe("paused");
    expect((await command("runs")).stdout).toMatch(/^\w+ +paused /);
    const io = new CapturedIo();
    const watching = runProgram(["watch", directory, "--plain"], io);
    await vi.waitFor(() => expect(io.stderr.text).toContain("paused: nothing new starts"), 30_000);
    await command("unpause");
    expect(await stateOf()).toBe("running");
    await vi.waitFor(() => expect(io.stderr.text).toContain("the run continues"), 30_000);
    letGo();
    expect(await ended).toBe(EXIT.ok);
    expect(await watching).toBe(EXIT.ok);
    expect(await stateOf()).toBe("answered");
  });

  it("cancel and result reach a child, whose parent goes on", async () => {
    const parent =
      "done(await Promise.allSettled([delegate('a', 'A'), delegate('b', 'B')]).then((all) => all.map((one) => one.value ?? one.reason.message)))";
    const { server, asked, letGo } = await heldServer(
      ({ query }) => block(query === "Go." ? parent : "done(1)"),
      ({ query }) => query !== "Go.",
    );
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    const cancelled = await command("cancel", "-a", "root.a", "--reason", "too dear");
    expect(cancelled).toMatchObject({ exitCode: EXIT.ok, stdout: "cancel root.a: done, as root.a#1\n" });
    const given = command("result", "-a", "root.b", '{"by": "hand"}');
    await somethingWaits();
    letGo();
    expect((await given).exitCode).toBe(EXIT.ok);
    expect(await ended).toBe(EXIT.ok);
    expect(JSON.parse(io.stdout.text)).toEqual([expect.stringContaining("too dear"), { by: "hand" }]);
  });

  it("abort ends the process of the run, which can be resumed", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    expect((await command("abort")).exitCode).toBe(EXIT.ok);
    expect(await ended).toBe(EXIT.interrupted);
    expect(io.stderr.text).toContain("rlmflow resume");
    expect(io.stderr.text).not.toContain("its graph");
    letGo();
    expect(await command("resume", "-q")).toEqual({ exitCode: EXIT.ok, stdout: "end\n", stderr: "" });
  });

  it("limit opens a child again that had reached one, while its parent waits for others", async () => {
    const parent = "done(await wait(delegate('a', 'A', { maxIterations: 1 }), delegate('b', 'B')))";
    const { server, asked, letGo } = await heldServer(
      ({ query, turn }) =>
        block(query === "Go." ? parent : query.startsWith("A") && turn === 0 ? "print(1)" : "done(2)"),
      ({ query }) => query === "B",
    );
    await using _ = server;
    const { ended, io } = begin(server);
    await asked;
    await nodeOf("root.a", "error");
    const raised = await command("limit", "-a", "root.a", "--max-iterations", "5");
    expect(raised.stderr).toBe("");
    expect(raised).toMatchObject({
      exitCode: EXIT.ok,
      stdout: expect.stringMatching(/^limit root\.a: done, as root\.a#\d\n$/),
    });
    letGo();
    expect(await ended).toBe(EXIT.ok);
    expect(JSON.parse(io.stdout.text)).toEqual([2, 2]);
  });

  it("watch shows the run until it ends, and tells its answer", async () => {
    const { server, asked, letGo } = await heldServer(twoTurns, first);
    await using _ = server;
    const { ended } = begin(server);
    await asked;
    const watched = command("watch", "--json", "-q");
    await new Promise((resolve) => setTimeout(resolve, 300));
    letGo();
    expect(await ended).toBe(EXIT.ok);
    const { exitCode, stdout } = await watched;
    expect(exitCode).toBe(EXIT.ok);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(["start", "node", "node", "node", "node", "node", "end"]);
    expect(lines.at(-1)).toMatchObject({ status: "ok", answer: "end", agents: 1 });
  });
});

describe("commands for a run that nobody moves", () => {
  async function interrupted(): Promise<LoopbackServer> {
    const { server, asked } = await heldServer(
      twoTurns,
      ({ turn }) => turn === 0 && server.asked.length === 1,
    );
    const { ended, io } = begin(server);
    await asked;
    io.interrupt();
    io.interrupt();
    expect(await ended).toBe(EXIT.interrupted);
    return server;
  }

  /** Keeps a run whose root is about to run code in this language, and gives a path for other code. */
  async function agentBeforeItsCode(name: string): Promise<string> {
    const run = new SampleRun().query("root", "Go.").action("root", "```repl\n1\n```").graph();
    const nodes = [...run.walk()].map((node) =>
      node.type === "query" ? { ...node, language: { name, engine: "any" } } : node,
    );
    await using workspace = await openWorkspace(directory);
    const store = await workspace.createRun(run.run);
    await store.append("root", 0, nodes);
    return join(directory, "other.txt");
  }

  it.each([
    ["javascript", "const = 1;", /refused to code root: This code does not parse: .*line 1/],
    ["python", "if x:\nprint(1)", /refused to code root: This code does not parse: .*line 2/],
    ["javascript", "if x:\n  print(1)", /This code does not parse/],
    ["python", "const x = 1;", /This code does not parse/],
  ])("refuse code that does not parse as %s: %j", async (language, code, said) => {
    const file = await agentBeforeItsCode(language);
    await writeFile(file, code);
    const { exitCode, stderr } = await command("code", file);
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(EXIT.failed);
  });

  it.each([
    ["javascript", "const x: number = await f(1);\nx"],
    ["python", "x = await f(1)\nx"],
  ])("keep code that parses as %s", async (language, code) => {
    const file = await agentBeforeItsCode(language);
    await writeFile(file, code);
    const { exitCode, stderr } = await command("code", file);
    expect(stderr).toMatch(
      /^rlmflow: no process moves run \w+ now\. It is kept and done when the run is resumed\.\n$/,
    );
    expect(exitCode).toBe(EXIT.pending);
  });

  it("say that code in another language is checked when the run goes on", async () => {
    const file = await agentBeforeItsCode("scheme");
    await writeFile(file, "(done 1)");
    const { exitCode, stderr } = await command("code", file);
    expect(stderr).toContain("There is no parser for scheme here: whether it parses is checked then.");
    expect(exitCode).toBe(EXIT.pending);
  });

  it("keep an edit for whoever resumes it, and refuse to pause", async () => {
    await using server = await interrupted();
    const said = await command("say", "-a", "root", "before you go on");
    expect(said.exitCode).toBe(EXIT.pending);
    expect(said.stderr).toContain("It is kept and done when the run is resumed.");
    const paused = await command("pause");
    expect(paused.exitCode).toBe(EXIT.failed);
    expect(paused.stderr).toContain("there is nothing to pause");
    const { stdout } = await command("resume", "--json", "-q");
    expect(stdout).toContain('"content":"before you go on"');
    expect(server.asked.length).toBeGreaterThan(2);
  });

  it("watch says when it is stopped that the run goes on", async () => {
    const { server, asked, letGo } = await heldServer(
      () => block("done(1)"),
      () => true,
    );
    await using _ = server;
    const { ended } = begin(server);
    await asked;
    const io = new CapturedIo();
    const watching = runProgram(["watch", directory, "--plain"], io);
    await vi.waitFor(() => expect(io.stderr.text).toContain("run "), 30_000);
    io.interrupt();
    expect(await watching).toBe(EXIT.interrupted);
    expect(io.stderr.text).toContain(
      "stopped watching; the run goes on in its own process. Watch it again: ",
    );
    expect(io.stderr.text).not.toContain("resume");
    letGo();
    expect(await ended).toBe(EXIT.ok);
  });

  it("watch says why a run has failed", async () => {
    await using server = await loopbackServer(() => 401);
    await begin(server).ended;
    const { exitCode, stderr } = await command("watch", "--plain");
    expect(exitCode).toBe(EXIT.failed);
    expect(stderr.match(/status 401/g)).toHaveLength(1);
  });

  it("refuse an edit that could not be made when it is resumed", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    await begin(server).ended;
    const file = join(directory, "other.js");
    await writeFile(file, "done(2)");
    for (const args of [
      ["code", "-a", "root", file],
      ["limit", "--max-iterations", "50"],
      ["say", "-a", "root", "x"],
    ]) {
      const refused = await command(...args);
      expect(refused.exitCode).toBe(EXIT.failed);
      expect(refused.stderr).toContain("has ended");
      expect(refused.stderr).toContain("rlmflow continue gives it a further query.");
    }
    expect((await command("resume")).stderr).not.toContain("refused");
    await using workspace = await openWorkspace(directory);
    await (await workspace.inbox()).put({ kind: "final", agentId: "root" });
    expect((await command("resume")).stderr).toContain("refused to final root: the run has answered");
    expect(await (await workspace.inbox()).pending()).toEqual([]);
  });

  it("keep a raised limit, with which the run goes on", async () => {
    await using server = await loopbackServer(twoTurns);
    const where = ["-m", "m", "--base-url", server.url, "-d", directory, "--runtime", "local", "-q"];
    await runProgram(["run", "Go.", ...where, "--max-iterations", "1"], new CapturedIo());
    expect((await command("limit", "--max-iterations", "5")).exitCode).toBe(EXIT.pending);
    expect((await command("say", "-a", "root", "Now you may.")).exitCode).toBe(EXIT.pending);
    expect(await command("resume", "-q")).toMatchObject({ exitCode: EXIT.ok, stdout: "end\n" });
  });

  it("of several agents one is to be named, and those at work are told", async () => {
    await using workspace = await openWorkspace(directory);
    const run = new SampleRun().query("root", "Go.").action("root", "x");
    run.delegate("root", "root.done").query("root.done", "One.").result("root.done", 1);
    run.delegate("root", "root.busy").query("root.busy", "Two.");
    const graph = run.graph();
    await (await workspace.forkRun(graph.run, [...graph.walk()])).close();
    expect(await command("say", "hello")).toEqual({
      exitCode: EXIT.usage,
      stdout: "",
      stderr: expect.stringContaining(
        "the run has 3 agents: name one with --agent, like root, root.busy, …; `rlmflow render --ids` shows all",
      ),
    });
    expect(await (await workspace.inbox()).pending()).toEqual([]);
    expect((await command("say", "-a", "root.busy", "hello")).exitCode).toBe(EXIT.pending);
  });

  it("watch tells how long an ended run took, not how long ago it began", async () => {
    await using workspace = await openWorkspace(directory);
    const run = new SampleRun();
    run.query("root", "Go.").action("root", "x");
    run.now = 61_000;
    const graph = run.result("root", 1).graph();
    await (await workspace.forkRun(graph.run, [...graph.walk()])).close();
    const { exitCode, stderr } = await command("watch", "--plain");
    expect(exitCode).toBe(EXIT.ok);
    expect(stderr).toMatch(/^t=61s /m);
    expect(stderr).toContain("done after 1m01s");
  });

  it("watch says that nobody moves it", async () => {
    await using _ = await interrupted();
    const { exitCode, stderr } = await command("watch", "--plain");
    expect(exitCode).toBe(EXIT.interrupted);
    expect(stderr).toContain("Go on: rlmflow resume");
  });
});

describe("wrong options", () => {
  it.each([
    [["say", "-a", " ", "hello"], "--agent needs the id of an agent, like root.scan"],
    [
      ["cancel"],
      "an agent is needed: --agent root.scan. To stop the whole run so that it can be resumed: rlmflow abort",
    ],
    [["say", "-a", "root"], "a text is needed"],
    [["result", "-a", "root", "done"], "the result must be JSON"],
    [["code", "-a", "root", "/nowhere/at/all"], "/nowhere/at/all: there is no such file"],
    [["limit", "-a", "root", "--max-concurrency", "2"], "unknown option"],
    [["limit", "-a", "root"], "a limit is needed, like --max-tokens 500k"],
    [["limit", "--max-iterations", "none"], "--max-iterations must be a whole number above 0"],
    [["final", "-a", "root", "--wait", "soon"], "--wait must be a time like 5s or 2m"],
    [["watch", "--color", "blue"], "--color must be auto, always or never"],
  ] as const)("%j", async (args, message) => {
    const { exitCode, stderr } = await command(...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: EXIT.usage, stderr: expect.stringContaining(message) });
  });

  it("a directory without a run", async () => {
    expect((await command("say", "-a", "root", "x")).stderr).toContain("There is no run in");
  });
});
