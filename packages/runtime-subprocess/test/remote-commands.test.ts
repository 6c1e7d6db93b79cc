import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { javascriptLanguage } from "@rlmflow/repl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, comesTrue, isAlive } from "../../../test/processes.ts";
import { subprocessRuntime } from "../src/index.ts";
import { outputOf, refusalOf, sampleSpec, start } from "./sample-repl.ts";

let home = "";
let environment: Readonly<Record<string, string>> = {};

/** A far machine: a home with the server in it, and ssh, kubectl and docker that lead there. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "far away "));
  copyFileSync(javascriptLanguage.server.file, join(home, "server.mjs"));
  mkdirSync(join(home, "bin"));
  const program = readFileSync(join(import.meta.dirname, "programs/stand-in.mjs"), "utf8");
  for (const name of ["ssh", "kubectl", "docker"]) {
    const file = join(home, "bin", name);
    writeFileSync(file, `#!/usr/bin/env node\n${program}`);
    chmodSync(file, 0o755);
  }
  const path = [join(home, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
  environment = { PATH: path, HOME: home, STAND_IN_LOG: join(home, "log") };
});
afterAll(() => rmSync(home, { recursive: true }));

interface FarProcess {
  readonly name: string;
  readonly target: string;
  readonly pid: number;
}

/** What the stand-ins started, last first. */
function farProcesses(): readonly FarProcess[] {
  const lines = readFileSync(environment.STAND_IN_LOG ?? "", "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line)).reverse();
}

/** The commands that the package's README shows. */
function shownCommands(): readonly (readonly string[])[] {
  const text = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  return [...text.matchAll(/command: (\[[^\]]*\])/g)].map(([, list = "[]"]) => JSON.parse(list));
}

const commands = shownCommands();

test("the README shows ssh, kubectl and docker", () => {
  expect(commands.map(([program]) => program)).toEqual(["ssh", "kubectl", "docker"]);
});

describe.skipIf(process.platform === "win32").each(commands)("the command %s …", (...command) => {
  test("serves a REPL: values cross, and nothing is left on either side", async () => {
    const runtime = subprocessRuntime({ command, environment });
    const session = await runtime.open(sampleSpec());
    const text = "é 漢 \u{1F600} $HOME 'quoted' \"twice\" \\ ` ".repeat(2000);
    const first = await start(
      session,
      `print(await echo(${JSON.stringify(text)}) === ${JSON.stringify(text)});`,
    );
    expect(first.calls).toEqual([{ index: 0, name: "echo", args: [text] }]);
    const last = await session.deliver({ index: 0, outcome: { ok: true, value: text }, now: 1 });
    expect(last.output).toBe("true\n");
    const [far] = farProcesses();
    expect(far?.name).toBe(command[0]);
    await session.dispose();
    expect(await comesTrue(() => !isAlive(far?.pid ?? 0))).toBe(true);
    expect(childrenOf()).toEqual([]);
    await runtime.close();
  });

  test("says what the program says when it can't get there", async () => {
    const fault = { STAND_IN_FAULT: "connect to host worker port 22: Connection refused" };
    const runtime = subprocessRuntime({ command, environment: { ...environment, ...fault } });
    const { message } = await refusalOf(runtime);
    expect(message).toContain(
      `"${command[0]} …" exited with code 255. It wrote:\nconnect to host worker port 22: Connection refused`,
    );
  });
});

describe.skipIf(process.platform !== "linux")("a far server", () => {
  const [command = []] = commands;

  test("that computes while its REPL is closed ends once its time is over", async () => {
    const runtime = subprocessRuntime({ command: [...command, "--time-ms", "1000"], environment });
    const session = await runtime.open(sampleSpec());
    const activation = start(session, "for (;;);");
    const [far] = farProcesses();
    await runtime.close();
    expect((await activation).state.kind).toBe("lost");
    expect(childrenOf()).toEqual([]);
    expect(await comesTrue(() => !isAlive(far?.pid ?? 0), 20_000)).toBe(true);
  });

  test("that the connection is lost to ends, and its block is lost", async () => {
    const runtime = subprocessRuntime({ command, environment });
    const session = await runtime.open(sampleSpec());
    await start(session, "await echo(1)");
    const [far] = farProcesses();
    const [connection = 0] = childrenOf();
    process.kill(connection, "SIGKILL");
    expect(await comesTrue(() => !isAlive(far?.pid ?? 0) && childrenOf().length === 0)).toBe(true);
    // Its streams are at their end, which this process is yet to read.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const activation = await session.deliver({ index: 0, outcome: { ok: true, value: 1 }, now: 1 });
    expect(activation.state).toMatchObject({ kind: "lost", blame: "none" });
    expect(activation.state.kind === "lost" && activation.state.message).toContain("was ended by SIGKILL");
    await runtime.close();
  });

  test("without stdin says so by ending at once", async () => {
    const withoutInput = commands[1]?.filter((word) => word !== "-i") ?? [];
    const { message } = await refusalOf(subprocessRuntime({ command: withoutInput, environment }));
    expect(message).toMatch(/exited with code 0/);
  });
});

test("the program of a command is found on this process's PATH where the environment has none", async () => {
  const runtime = subprocessRuntime({ command: ["node", javascriptLanguage.server.file] });
  expect(await outputOf(runtime, "print(6 * 7)")).toBe("42\n");
  await runtime.close();
});
