import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyEdit, Graph, loadTrace, RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { openWorkspace } from "@rlmflow/workspace";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { block, type LoopbackServer, loopbackServer } from "../loopback-server.ts";
import { SampleRun } from "../sample-run.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function rlmflow(...args: string[]) {
  const io = new CapturedIo();
  const exitCode = await runProgram(args, io);
  return { exitCode, text: io.stdout.text, said: io.stderr.text };
}

const parts = ({ agentId, turn }: { agentId: string; turn: number }) => {
  if (agentId !== "root") return block(turn === 0 ? "const half = 21" : "done(half)");
  if (turn === 0)
    return block("const [a, b] = await wait(delegate('scan', 'Look.'), delegate('read', 'Read.'))");
  return block("done(a + b)");
};

/** Runs or resumes with a scripted model, as another process would. */
async function go(branch: string | null, script: typeof parts = parts): Promise<readonly string[]> {
  const asked: string[] = [];
  const client = scriptedClient((request) => {
    asked.push(`${request.agentId} ${request.turn}`);
    return script(request);
  });
  await using workspace = await openWorkspace(directory);
  await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace });
  if (branch === null) await flow.run("Add the halves.", { runId: "r1", context: "x".repeat(70_000) });
  else await flow.resume(await workspace.load("r1", branch));
  return asked;
}

describe("rlmflow fork", () => {
  it("keeps what is independent, in numbers, and asks for nothing", async () => {
    await go(null);
    const { exitCode, text, said } = await rlmflow(
      "fork",
      directory,
      "--at",
      "root.scan#1",
      "--name",
      "again",
    );
    expect({ exitCode, said }).toEqual({ exitCode: EXIT.ok, said: "" });
    expect(text).toMatch(
      /^12 nodes kept, which took \d\S* tokens: they are not asked for again\n7 nodes dropped, which had taken \d\.\dk tokens; the fork itself cost nothing\nbranch again of run r1, from main at root\.scan#1\n/,
    );
    expect(text).toContain(`go on: rlmflow resume ${directory} --run r1 --branch again\n`);
    expect(await go("again")).toEqual(["root.scan 1", "root 1"]);
  });

  it("makes the edits it is given on the new branch", async () => {
    await go(null);
    const code = join(directory, "code.js");
    await writeFile(code, "done(100)");
    const at = ["--at", "root.scan#3", "--keep", "independent"];
    expect((await rlmflow("fork", directory, ...at, "--code", code)).exitCode).toBe(EXIT.ok);
    expect(await go("fork-1")).toEqual(["root 1"]);
    expect((await rlmflow("render", directory, "--branch", "fork-1")).text).toContain("121");
    const said = await rlmflow(
      "fork",
      directory,
      "--at",
      "root#2",
      "--say",
      "Hurry.",
      "--model",
      "default",
      "--json",
    );
    expect(JSON.parse(said.text)).toMatchObject({
      runId: "r1",
      branch: { id: "fork-2" },
      files: { restored: 0 },
    });
    await using workspace = await openWorkspace(directory);
    const { graph } = { graph: await workspace.load("r1", "fork-2") };
    expect(
      graph
        .chain("root")
        .slice(3)
        .map((node) => "edit" in node && node.edit?.kind),
    ).toEqual(["config", "say"]);
  });

  it.each([
    [[], "--at is needed: the last node that is kept"],
    [["--at", "root#1", "--keep", "all", "--code", "/nowhere.js"], "- --keep must be independent or before"],
    [["--at", "root#1", "--code", "/nowhere.js"], "--code /nowhere.js: there is no such file"],
    [["--at", "root.nobody#1"], 'There is no node "root.nobody#1" to fork at'],
    [["--at", "root.nobody#1", "--say", "hello"], 'There is no node "root.nobody#1" to fork at'],
    [["--at", "root#1", "--name", "main"], "Branch main of run r1 is there already"],
    [["--at", "root#1", "--branch", "nope"], "has no branch nope; it has main"],
    [["--at", "root#1", "--run", "nope"], "There is no run nope"],
  ])("says what is wrong with %j", async (args, says) => {
    await go(null);
    const { exitCode, text, said } = await rlmflow("fork", directory, ...args);
    expect(text).toBe("");
    expect(exitCode).not.toBe(EXIT.ok);
    expect(said).toContain(says);
  });

  it("refuses code that does not parse", async () => {
    await go(null);
    const code = join(directory, "bad.js");
    await writeFile(code, "const = ;");
    const { exitCode, said } = await rlmflow("fork", directory, "--at", "root.scan#1", "--code", code);
    expect(exitCode).toBe(EXIT.failed);
    expect(said).toContain("The code of --code does not parse: ");
  });

  it.each(["import", "render"])("%s says in a line what is no exported run", async (command) => {
    const file = join(directory, "any.json");
    await writeFile(file, "no JSON ".repeat(10_000));
    const where = command === "import" ? ["-d", join(directory, "w")] : [];
    const { said } = await rlmflow(command, file, ...where);
    expect(said).toContain("any.json holds no run: it is not the JSON that `rlmflow export`");
    expect(said.length).toBeLessThan(600);
    await writeFile(file, "{}");
    expect((await rlmflow(command, file, ...where)).said).toContain("this has no format.");
  });

  it("says what it found where there is no workspace", async () => {
    await writeFile(join(directory, "notes.txt"), "x");
    const { exitCode, said } = await rlmflow("fork", directory, "--at", "root#1");
    expect(exitCode).toBe(EXIT.usage);
    expect(said).toContain("it is no workspace (it has no .rlmflow) but a directory with notes.txt");
  });
});

describe("rlmflow fork of a run of the command", () => {
  const where = (server: LoopbackServer) => [
    "--base-url",
    server.url,
    "--dir",
    directory,
    "--runtime",
    "local",
  ];

  it("refuses to keep an end after which nothing goes on, and names the node before it", async () => {
    await using workspace = await openWorkspace(directory);
    const begun = new SampleRun().query("root", "Go.").action("root", "x").graph();
    const graph = applyEdit(begun, { kind: "cancel", agentId: "root" }, 1);
    await (await workspace.forkRun(graph.run, [...graph.walk()])).close();
    const { exitCode, text, said } = await rlmflow("fork", directory, "--at", "root#2");
    expect({ exitCode, text }).toEqual({ exitCode: EXIT.failed, text: "" });
    expect(said).toContain("could not go on. Fork before it: --at root#1.");
    expect((await rlmflow("branches", directory)).text).not.toContain("fork-1");
    expect((await rlmflow("fork", directory, "--at", "root#1")).exitCode).toBe(EXIT.ok);
  });

  it("keeps a request that failed, and goes on when the provider is well again", async () => {
    let isWell = false;
    await using server = await loopbackServer(() => (isWell ? block("done(1)") : 401));
    await rlmflow("run", "Go.", "-m", "m", ...where(server));
    expect((await rlmflow("fork", directory, "--at", "root#1")).exitCode).toBe(EXIT.ok);
    isWell = true;
    expect((await rlmflow("resume", directory, "--branch", "fork-1")).text).toBe("1\n");
  });

  it("takes a model by name, which the branch is resumed with", async () => {
    await using server = await loopbackServer(({ turn }) => block(turn === 0 ? "let x = 1" : "done(x)"));
    await rlmflow("run", "Go.", "-m", "m", "--price", "1/2", ...where(server));
    await rlmflow("fork", directory, "--at", "root#2", "--model", "better");
    expect((await rlmflow("resume", directory, "--branch", "fork-1")).text).toBe("1\n");
    const { text } = await rlmflow("render", directory, "--branch", "fork-1", "--node", "root#3");
    expect(text).toContain("root#3 action (better, ");
    await using workspace = await openWorkspace(directory);
    expect((await workspace.load(undefined, "fork-1")).run.metadata).toMatchObject({
      rlmflow: { model: "better", baseUrl: server.url },
    });
  });
});

describe("rlmflow branches and diff", () => {
  beforeEach(async () => {
    await go(null);
    await rlmflow("fork", directory, "--at", "root.scan#1", "--name", "a");
    await go("a", (request) => (request.agentId === "root.scan" ? block("done(1)") : parts(request)));
    await rlmflow("fork", directory, "--branch", "a", "--at", "root#1", "--name", "b");
  });

  it("show the lineage with how each branch stands", async () => {
    const { text } = await rlmflow("branches", directory);
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe("run r1");
    expect(lines[1]).toMatch(/^main +ended +19 nodes +\d\S* tokens +42$/);
    expect(lines[2]).toMatch(/^└─ a +ended +at root\.scan#1 +\d+ nodes +\d\S* tokens +22$/);
    expect(lines[3]).toMatch(/^ {3}└─ b +unfinished +at root#1 +2 nodes +\d\S* tokens$/);
    expect((await rlmflow("branches", directory, "--ascii")).text).toContain("`- a");
    expect((await rlmflow("branches", directory, "--run", "nope")).said).toContain("There is no run nope");
  });

  it("show where two branches part and what differs after that", async () => {
    const { text } = await rlmflow("diff", "main", "a", "--dir", directory);
    expect(text).toMatch(/^main and a share 12 nodes, then they part:\n {2}main +root\.scan#2 +observation/);
    expect(text).toMatch(/\nanswer +42 +22\nnodes +7 +\d\ntokens +\d\S* +\d\S*\ncost +\? +\?\ntime /);
    const same = await rlmflow(
      "diff",
      "a",
      join(directory, ".rlmflow/runs/r1/branches/a"),
      "--dir",
      directory,
    );
    expect(same.text).toMatch(/ are the same: \d+ nodes\n$/);
    const json = JSON.parse((await rlmflow("diff", "a", "b", "--json", "-d", directory)).text);
    expect(json).toMatchObject({
      shared: 2,
      a: { first: "root#1/0", answer: 22 },
      b: { first: null, nodes: 0 },
    });
  });

  it("say what they know when a branch is not there", async () => {
    const { exitCode, said } = await rlmflow("diff", "main", "nope", "--dir", directory);
    expect(exitCode).toBe(EXIT.usage);
    expect(said).toContain('"nope" is neither a branch in');
    expect(said).toContain("name the workspace with --dir");
  });
});

describe("rlmflow export", () => {
  it("writes a file that holds the run whole, which render and diff take", async () => {
    await go(null);
    const file = join(directory, "trace.json");
    const { said, exitCode } = await rlmflow("export", directory, "-o", file);
    expect({ said, exitCode }).toEqual({
      said: `19 nodes of run r1 branch main in ${file}\n`,
      exitCode: EXIT.ok,
    });
    expect((await rlmflow("export", directory)).text).toBe(await readFile(file, "utf8"));
    const { graph } = await loadTrace(await readFile(file, "utf8"));
    expect(graph).toBeInstanceOf(Graph);
    expect((await rlmflow("render", file)).text).toBe((await rlmflow("render", directory)).text);
    expect((await rlmflow("diff", "main", file, "--dir", directory)).text).toContain(
      "are the same: 19 nodes",
    );
    expect((await rlmflow("doctor", file)).text).toContain("trace of run r1 branch main: 19 nodes, all good");
    expect((await rlmflow("export", file)).said).toContain("is a file, not a workspace");
  });

  it("writes what import takes into another workspace, where the run goes on", async () => {
    await go(null);
    const file = join(directory, "trace.json");
    await rlmflow("fork", directory, "--at", "root#2", "--name", "early");
    await rlmflow("export", directory, "--branch", "early", "-o", file);
    const target = join(directory, "elsewhere");
    const { text, exitCode } = await rlmflow("import", file, "--dir", target);
    expect(exitCode).toBe(EXIT.ok);
    expect(text).toContain(`go on: rlmflow resume ${target} --run r1 --branch early`);
    const again = await rlmflow("import", file, "--dir", target);
    expect(again.said).toMatch(/trace\.json was not taken in: Branch early of run r1 is there already/);
    expect((await rlmflow("import", target)).said).toContain("is no exported run");
    const graphOnly = join(directory, "graph.json");
    await rlmflow("render", directory, "-f", "json", "-o", graphOnly);
    expect((await rlmflow("import", graphOnly, "-d", target)).said).toContain(
      "this is a graph without its payloads",
    );
    directory = target;
    expect(await go("early")).toEqual(["root 1"]);
    directory = join(target, "..");
  });

  it("leaves no file behind that is not whole", async () => {
    await go(null);
    await rm(join(directory, ".rlmflow/context"), { recursive: true });
    const file = join(directory, "trace.json");
    const { exitCode, said } = await rlmflow("export", directory, "-o", file);
    expect(exitCode).toBe(EXIT.usage);
    expect(said).toContain("There is no context");
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });
});

describe("rlmflow doctor", () => {
  const log = () => join(directory, ".rlmflow/runs/r1/branches/main/log.jsonl");

  it("finds nothing wrong with a good run", async () => {
    await go(null);
    expect(await rlmflow("doctor", directory)).toEqual({
      exitCode: EXIT.ok,
      text: "run r1 branch main: 19 nodes, all good\n",
      said: "",
    });
  });

  it("tells a torn end, a dead lock and unfinished files as what they are: no problem", async () => {
    await go(null);
    await appendFile(log(), '{"v":2,"agent":"ro');
    const identity = {
      host: (await import("node:os")).hostname(),
      pid: 2 ** 22 - 3,
      started: null,
      nonce: "n",
    };
    await writeFile(join(log(), "../lock"), JSON.stringify(identity));
    await writeFile(join(log(), "../.tmp-1-x"), "");
    const { exitCode, text: told } = await rlmflow("doctor", directory);
    expect(exitCode).toBe(EXIT.ok);
    expect(told).toMatch(
      /note .*log\.jsonl: \d+ bytes behind the last whole line: a line was being written when its process died/,
    );
    expect(told).toMatch(/note .*lock: Process 4194301 left it and is gone/);
    expect(told).toContain("1 file that was never finished (.tmp-1-x");
  });

  it("says which line is damaged, and copies out what is good before it", async () => {
    await go(null);
    const lines = (await readFile(log(), "utf8")).split("\n");
    lines[6] = lines[6]?.replace('"n":', '"n": ') ?? "";
    await writeFile(log(), lines.join("\n"));
    const { exitCode, text } = await rlmflow("doctor", log());
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toMatch(
      /^run r1 branch main: 7 nodes are good\n {2}problem {2}.*log\.jsonl line 7 is damaged: its checksum/,
    );
    expect(text).toContain(
      `1 problem. Restore the files from a copy, or take what is good: rlmflow doctor ${log()} --copy-good`,
    );
    const target = join(directory, "good");
    expect((await rlmflow("doctor", directory, "--copy-good", target)).text).toContain(
      "copied 7 nodes of run r1",
    );
    expect((await rlmflow("doctor", target)).text).toBe("run r1 branch main: 7 nodes, all good\n");
    directory = target;
    expect((await go("main")).includes("root 0")).toBe(false);
    directory = join(target, "..");
    expect((await rlmflow("doctor", directory, "--copy-good", directory)).said).toContain(
      "needs another directory",
    );
  });

  it("does not take an emptied log for a good one", async () => {
    await go(null);
    await rlmflow("fork", directory, "--at", "root.scan#1");
    await writeFile(log(), "");
    const { exitCode, text } = await rlmflow("doctor", directory);
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toContain("run r1 branch main: 0 nodes are good\n");
    expect(text).toMatch(/problem .*log\.jsonl line 1 is damaged: it is missing: the log had \d+ lines/);
    expect(text).toMatch(/problem .*log\.jsonl: Nodes are lost .* forked at: fork-1 at root\.scan#1\./);
    const target = join(directory, "good");
    await rlmflow("doctor", directory, "--copy-good", target);
    const again = await rlmflow("doctor", directory, "--copy-good", target);
    expect(again.text).toContain(`run r1 branch fork-1 is in ${target} already: left as it is`);
    expect(again.said).toBe("");
  });

  it("reads the inbox: what waits in it, and what nobody can read", async () => {
    await go(null);
    await using workspace = await openWorkspace(directory);
    const inbox = await workspace.inbox("r1");
    await inbox.put({ kind: "final", agentId: "root" });
    await appendFile(join(log(), "../inbox.jsonl"), '\n{"v":1,"put":{"id":"x"\n');
    const { exitCode, text } = await rlmflow("doctor", directory);
    expect(exitCode).toBe(EXIT.ok);
    expect(text).toContain("Asked for and not done yet: final root.");
    expect(text).toMatch(/note .*inbox\.jsonl line \d+: It was never whole/);
  });

  it("is right: nothing is asked for by a run or fork whose context is lost", async () => {
    await using server = await loopbackServer(() => block("print(1)"));
    const file = join(directory, "notes.txt");
    await writeFile(file, "forty-two");
    const where = ["--base-url", server.url, "--dir", directory, "--runtime", "local", "-m", "m"];
    await rlmflow("run", "Go.", ...where, "--context", file, "--max-iterations", "1");
    await rm(join(directory, ".rlmflow/context"), { recursive: true });
    const forked = await rlmflow("fork", directory, "--at", "root#0");
    expect(forked.said).toMatch(
      /can't go on: root#0 needs what is lost: There is no context .* Nothing was asked\./,
    );
    expect((await rlmflow("branches", directory)).text).not.toContain("fork-1");
    const asked = server.asked.length;
    const resumed = await rlmflow("resume", directory, "--max-iterations", "5");
    expect(resumed.said).toContain("root#0 needs what is lost");
    expect(server.asked.length).toBe(asked);
  });

  it("misses payloads, and says whose they are", async () => {
    await go(null);
    await rm(join(directory, ".rlmflow/context"), { recursive: true });
    const { exitCode, text } = await rlmflow("doctor", directory);
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toMatch(
      /0 nodes are good\n {2}problem .*Node root#0 needs what is lost: There is no context/,
    );
    const copied = await rlmflow("doctor", directory, "--copy-good", join(directory, "good"));
    expect(copied.text).toContain("nothing of run r1 branch main can be copied");
  });

  it("reads on when a description is damaged", async () => {
    await go(null);
    await writeFile(join(log(), "../branch.json"), "{");
    const { text, exitCode } = await rlmflow("doctor", directory);
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toMatch(/19 nodes are good\n {2}problem .*branch\.json is damaged/);
  });

  it("says what it found where there is nothing to examine", async () => {
    const missing = await rlmflow("doctor", join(directory, "missing"));
    expect(missing).toMatchObject({ exitCode: EXIT.usage, text: "" });
    expect(missing.said).toContain("there is no such directory");
    await writeFile(join(directory, "x.json"), "{}");
    const { exitCode, text } = await rlmflow("doctor", join(directory, "x.json"));
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toContain("problem");
  });
});
