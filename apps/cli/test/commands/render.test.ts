import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyEdit, Graph, RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { openWorkspace } from "@rlmflow/workspace";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";
import { SampleRun } from "../sample-run.ts";

let directory = "";
let document = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
  document = join(directory, "run.json");
  await writeFile(document, JSON.stringify(sample().graph()));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function sample(): SampleRun {
  const run = new SampleRun().query("root", "What is it?").action("root", "```repl\nx\n```");
  run.delegate("root", "root.ask").query("root.ask", "Look").action("root.ask", "```repl\ny\n```");
  return run.result("root.ask", 42).observation("root", "42").result("root", "forty-two");
}

async function render(path: string, ...args: string[]) {
  const io = new CapturedIo();
  const exitCode = await runProgram(["render", path, ...args], io);
  return { exitCode, text: io.stdout.text, said: io.stderr.text };
}

describe("rlmflow render", () => {
  it("draws a tree, the log and JSON of a document", async () => {
    expect((await render(document)).text).toContain('└─ F  #3   result       "forty-two"');
    expect((await render(document, "-f", "log")).text.split("\n")).toHaveLength(9);
    const { text } = await render(document, "-f", "json");
    expect(Graph.fromJSON(JSON.parse(text)).toJSON()).toEqual(sample().graph().toJSON());
  });

  it("finds a run by its workspace and by anything in its folder", async () => {
    await using workspace = await openWorkspace(directory);
    const graph = sample().graph();
    await using disposal = new AsyncDisposableStack();
    const store = await workspace.forkRun(graph.run, [...graph.walk()]);
    disposal.defer(() => store.close());
    const inside = [
      ".",
      ".rlmflow",
      ".rlmflow/runs",
      ".rlmflow/runs/run7f3a",
      ".rlmflow/runs/run7f3a/branches/main",
      ".rlmflow/runs/run7f3a/branches/main/log.jsonl",
    ];
    for (const path of inside) {
      const { text, exitCode, said } = await render(join(directory, path));
      expect({ path, exitCode, said }).toEqual({ path, exitCode: EXIT.ok, said: "" });
      expect(text).toContain("forty-two");
    }
    expect((await render(directory, "--run", "run7f3a", "--branch", "main")).text).toContain("forty-two");
    expect(await render(directory, "--run", "nope")).toMatchObject({ exitCode: EXIT.usage, text: "" });
    expect((await render(directory, "--branch", "nope")).said).toContain("no branch nope");
  });

  it("shows the run as it was, and any part of it", async () => {
    const early = await render(document, "--at", "2");
    expect(early.text).toContain("A  #1   action");
    expect(early.text).not.toContain("forty-two");
    expect((await render(document, "--at", "root#1")).text).toBe(early.text);
    const part = await render(document, "--root", "root.ask#1");
    expect(part.text.startsWith("ask")).toBe(true);
    expect(part.text).not.toContain("forty-two");
  });

  it("shows nodes whole: prose, code and output, in fences that nothing in them can end", async () => {
    const code = "const text = `a`;\nprint('```');";
    const run = new SampleRun().query("root", "What is it?\n# Really");
    run.action("root", `I look.\n\n\`\`\`repl\n${code}\n\`\`\`\nThen I think.`);
    run.observation("root", "```\nforty\u001b[2J-two", 5).result("root", { n: 42 });
    await writeFile(document, JSON.stringify(run.graph()));
    const { text } = await render(document, "--node", "root#1");
    expect(text).toBe(
      `### root#1 action (gpt-x, 100 + 10 tokens, 0.0s)\n\n> I look.\n\n\`\`\`\`js\n${code}\n\`\`\`\`\n\n> Then I think.\n`,
    );
    const report = (await render(document, "-f", "md")).text;
    expect(report).toContain("> What is it?\n> # Really\n");
    expect(report).toContain(text.trim());
    expect(report).toContain("````text\n```\nforty-two\n````");
    expect(report).toContain("the model was shown 5 characters");
    expect(report).toContain('```json\n{\n  "n": 42\n}\n```');
    expect((await render(document, "-f", "code")).text).toBe(`// root#1\n${code}\n\n`);
    expect((await render(document, "-f", "code", "--node", "root#1")).text).toBe(`${code}\n`);
    expect(JSON.parse((await render(document, "--json", "--node", "root#2")).text)).toMatchObject({
      id: "root#2",
    });
  });

  it("shows blobs, of a workspace and of an exported file", async () => {
    await using workspace = await openWorkspace(directory);
    const client = scriptedClient(["```repl\nawait done('x'.repeat(70_000));\n```"]);
    await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace });
    await flow.run("Go.");
    const { text } = await render(directory, "--node", "root#2");
    expect(text).toContain("x".repeat(70_000));
    await runProgram(["export", directory, "-o", document], new CapturedIo());
    expect((await render(document, "--node", "root#2")).text).toBe(text);
  });

  it("marks what a person did, and says what it was", async () => {
    await using workspace = await openWorkspace(directory);
    const client = scriptedClient(["```repl\nprint(1)\n```"]);
    await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace });
    let graph = await flow.step(await flow.start("Go."));
    graph = applyEdit(graph, { kind: "config", agentId: "root", config: { maxIterations: 9 } }, 0);
    graph = await flow.step(applyEdit(graph, { kind: "say", agentId: "root", text: "Look up." }, 0));
    const { branch } = graph;
    const tree = (await render(directory, "--branch", branch)).text;
    expect(tree).toContain("by a user: sets maxIterations = 9");
    expect(tree).toContain('by a user: says "Look up."');
    const changed = applyEdit(
      await flow.step(await flow.start("Again.")),
      { kind: "code", agentId: "root", code: "done(2)" },
      0,
    );
    const { answer, graph: done } = await flow.resume(changed);
    expect(answer).toBe(2);
    const line = (await render(directory, "--run", done.run.runId, "--branch", done.branch)).text
      .split("\n")
      .find((one) => one.includes("#2"));
    expect(line).toMatch(/A {2}#2 {3}action +by a user: in place of root#1: done\(2\) +\S+$/);
  });

  it("finds agents by the name that the tree shows", async () => {
    expect((await render(document, "--root", "ask")).text.startsWith("ask")).toBe(true);
    expect((await render(document, "--depth", "1", "--expand", "ask")).text).toContain("F  #2   result");
    const run = new SampleRun().query("root").action("root", "```repl\nx\n```");
    run.delegate("root", "root.ask").delegate("root", "root.b").query("root.ask").query("root.b");
    run.action("root.b", "```repl\nx\n```").delegate("root.b", "root.b.ask").query("root.b.ask");
    await writeFile(document, JSON.stringify(run.graph()));
    expect((await render(document, "--root", "ask")).said).toContain(
      "2 have that name: root.ask, root.b.ask.",
    );
  });

  it("prints the tree as JSON", async () => {
    const tree = JSON.parse((await render(document, "--json")).text);
    expect(tree).toMatchObject({
      kind: "agent",
      id: "root",
      status: "done",
      usage: { input: 200, output: 20 },
    });
  });

  it("writes to a file, without colours of its own accord", async () => {
    const file = join(directory, "tree.txt");
    const io = new CapturedIo({ isTTY: true });
    expect(await runProgram(["render", document, "-o", file], io)).toBe(EXIT.ok);
    expect(io.stdout.text).toBe("");
    expect(await readFile(file, "utf8")).toContain('F  #3   result       "forty-two"');
    expect(await readFile(file, "utf8")).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it("colours on a terminal and when told to", async () => {
    const terminal = new CapturedIo({ isTTY: true });
    await runProgram(["render", document], terminal);
    expect(terminal.stdout.text).toContain("\u001b[");
    expect((await render(document, "--color", "always")).text).toContain("\u001b[");
    expect((await render(document)).text).not.toContain("\u001b[");
  });

  it.each([
    [["--at", "99"], "There is no step 99: the run has 8 nodes"],
    [["--at", "root#77"], "There is no node root#77"],
    [["--root", "nobody"], 'There is no agent or node "nobody"'],
    [["-f", "svg", "--depth", "0"], '--format must be tree, md, code, log or json, not "svg"'],
    [["--node", "root#77"], "The last node of root is root#3."],
    [["--node", "root#0", "-f", "code"], "root#0 is of type query"],
  ])("says what is wrong with %j", async (args, says) => {
    const { exitCode, said, text } = await render(document, ...args);
    expect({ exitCode, text }).toEqual({ exitCode: EXIT.usage, text: "" });
    expect(said).toContain(says);
  });

  it("says what it found where there is no run", async () => {
    const empty = join(directory, "empty");
    await mkdir(empty);
    expect(await render(empty)).toMatchObject({
      exitCode: EXIT.usage,
      said: expect.stringContaining("is empty"),
    });
    const missing = await render(join(directory, "missing"));
    expect(missing.said).toContain("there is no such directory");
    const text = join(directory, "notes.txt");
    await writeFile(text, "not a run");
    expect(await render(text)).toMatchObject({
      exitCode: EXIT.failed,
      said: expect.stringContaining("holds no run"),
    });
    await writeFile(text, '{"format":1,"run":{},"nodes":[]}');
    const { said } = await render(text);
    expect(said).toContain(`${text} holds no run: `);
    expect(said).toContain("$.run.runId");
  });

  it("prints its version", async () => {
    const io = new CapturedIo();
    expect(await runProgram(["version"], io)).toBe(EXIT.ok);
    expect(io.stdout.text).toMatch(/^rlmflow \d+\.\d+\.\d+ \(Node \d+/);
    const asOption = new CapturedIo();
    expect(await runProgram(["--version"], asOption)).toBe(EXIT.ok);
    expect(asOption.stdout.text).toBe(io.stdout.text);
  });
});
