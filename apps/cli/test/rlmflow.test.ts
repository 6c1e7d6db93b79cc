import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../src/exit-code.ts";
import { block, type LoopbackServer, loopbackServer } from "./loopback-server.ts";
import { SampleRun } from "./sample-run.ts";

const BINARY = join(import.meta.dirname, "../dist/rlmflow.js");
const TERMINAL = join(import.meta.dirname, "pseudo-terminal.py");
const hasPython = spawnSync("python3", ["-c", "import pty"]).status === 0;

const ESC = String.fromCharCode(0x1b);
const HIDE = `${ESC}[?25l`;
const EVIL = `${ESC}]0;evil${String.fromCharCode(7)}`;
const SHOW = `${ESC}[?25h`;

let directory = "";

beforeAll(async () => {
  if (!existsSync(BINARY)) throw new Error(`There is no ${BINARY}: run \`pnpm build\` first.`);
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

function onTerminal(
  interruptAt: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...rest } = process.env;
  const command = [TERMINAL, interruptAt, process.execPath, BINARY, ...args];
  return start("python3", command, { env: { ...rest, TERM: "xterm", LANG: "C.UTF-8", ...env } });
}

function runArgs(server: LoopbackServer, ...args: string[]): string[] {
  return [
    "run",
    "What is it?",
    "--model",
    "test-model",
    "--base-url",
    server.url,
    "--dir",
    directory,
    ...args,
  ];
}

const slowly = async ({ turn }: { turn: number }) => {
  await new Promise((resolve) => setTimeout(resolve, 1200));
  return turn === 0 ? block("print('looked')") : `${EVIL} I know.\n${block(`done('forty${EVIL}-two')`)}`;
};

describe("the rlmflow command", () => {
  it("answers in a pipe, code running in an isolate", async () => {
    await using server = await loopbackServer(() => block("done([typeof process, 6 * 7])"));
    const { exitCode, stdout, stderr } = await start(process.execPath, [BINARY, ...runArgs(server)]);
    expect({ exitCode, stdout: JSON.parse(stdout) }).toEqual({
      exitCode: EXIT.ok,
      stdout: ["undefined", 42],
    });
    expect(stderr).toContain("done after");
    expect(stderr).not.toContain(ESC);
  });

  it("ends quietly when nobody reads on, and with the code of a broken pipe", async () => {
    const run = new SampleRun().query("root");
    for (let turn = 0; turn < 5000; turn += 1)
      run.action("root", `turn ${turn}`).error("root", "no", false, "no_code");
    const document = join(directory, "long.json");
    await writeFile(document, JSON.stringify(run.graph()));
    const command = `"${process.execPath}" "${BINARY}" render "${document}" -f log | head -n 1; echo "exit \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await start("bash", ["-c", command]);
    expect(stdout).toMatch(/^ +\+0\.000s .*\nexit 141\n$/);
    expect(stderr).toBe("");
  });

  it.runIf(existsSync("/dev/full"))("says that its output can't be written, without a stack", async () => {
    const document = join(directory, "full.json");
    await writeFile(document, JSON.stringify(new SampleRun().query("root", "q").graph()));
    const command = `"${process.execPath}" "${BINARY}" render "${document}" > /dev/full; echo "exit $?"`;
    const { stdout, stderr } = await start("bash", ["-c", command]);
    expect(stdout).toBe("exit 1\n");
    expect(stderr).toMatch(/^rlmflow: standard output can't be written: ENOSPC.*\n$/);
  });

  it("says which Node it needs, on one that is too old, before anything else is loaded", async () => {
    const old =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });";
    const args = ["--import", `data:text/javascript,${encodeURIComponent(old)}`, BINARY, "version"];
    expect(await start(process.execPath, args)).toEqual({
      exitCode: EXIT.usage,
      stdout: "",
      stderr:
        "rlmflow: Node ^24.11.0 || >=26.0.0 is needed, this is Node 20.19.0. Install a newer one, or put it first in PATH.\n",
    });
  });

  it.runIf(process.platform === "linux")("says that no workspace can be made where none can", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    const args = [BINARY, "run", "q", "-m", "m", "--base-url", server.url, "-d", "/proc/no/such"];
    const { exitCode, stderr } = await start(process.execPath, args, { timeout: 280_000 });
    expect(exitCode).toBe(EXIT.failed);
    expect(stderr).toContain("no directory can be made in /proc");
  });

  it("ends at a signal that comes before the run has begun", async () => {
    await using server = await loopbackServer(() => block("done(1)"));
    const args = [BINARY, ...runArgs(server), "--context", "-"];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "pipe"] });
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    child.kill("SIGINT");
    expect(await ended).toBe("SIGINT");
    expect(server.asked).toEqual([]);
  });

  it("ends with 2 for wrong options", async () => {
    const { exitCode, stdout } = await start(process.execPath, [BINARY, "run"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: EXIT.usage, stdout: "" });
  });
});

describe.skipIf(!hasPython)("the rlmflow command on a terminal", () => {
  it("draws the run while it lasts and leaves the answer and one line behind", async () => {
    await using server = await loopbackServer(slowly);
    const { exitCode, stdout } = await onTerminal("-", runArgs(server));
    expect(exitCode).toBe(EXIT.ok);
    expect(stdout.split(HIDE)).toHaveLength(2);
    const [drawn = "", left = ""] = stdout.split(SHOW);
    expect(drawn).toContain("rlmflow  run ");
    expect(drawn).toContain("model");
    expect(left).toMatch(/^forty-two\r\ndone after .* rlmflow render /);
    expect(left).not.toContain(ESC);
    expect(stdout).not.toContain("evil");
  });

  it("redraws at most ten times a second", async () => {
    await using server = await loopbackServer(slowly);
    const started = performance.now();
    const { stdout } = await onTerminal("-", runArgs(server));
    const seconds = (performance.now() - started) / 1000;
    expect(stdout.split(`${ESC}[1mrlmflow  run`).length - 1).toBeLessThanOrEqual(10 * seconds + 1);
  });

  it.each([{ TERM: "dumb" }, { CI: "true" }])("draws nothing with %j", async (env) => {
    await using server = await loopbackServer(() => block("done(1)"));
    const { exitCode, stdout } = await onTerminal("-", runArgs(server), env);
    expect(exitCode).toBe(EXIT.ok);
    expect(stdout).toContain("t=");
    expect(stdout).not.toContain(ESC);
  });

  it("stops at Ctrl-C, gives the cursor back and says where the run is kept", async () => {
    await using server = await loopbackServer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return block("print(1)");
    });
    const { exitCode, stdout } = await onTerminal("rlmflow  run ", runArgs(server));
    expect(exitCode).toBe(EXIT.interrupted);
    expect(stdout).toContain("Stopping: ");
    expect(stdout.slice(stdout.lastIndexOf(SHOW))).toContain("interrupted after");
    expect(stdout.lastIndexOf(SHOW)).toBeGreaterThan(stdout.lastIndexOf(HIDE));
  });
});
