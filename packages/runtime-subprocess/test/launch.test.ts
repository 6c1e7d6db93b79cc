import { realpathSync } from "node:fs";
import { javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import { describe, expect, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";
import { prepareLaunch } from "../src/launch.ts";
import type { SubprocessRuntimeOptions } from "../src/options.ts";
import { resolveOptions } from "../src/resolve-options.ts";
import { outputOf } from "./sample-repl.ts";

const file = realpathSync(javascriptLanguage.server.file);

function launched(options: SubprocessRuntimeOptions) {
  const { launch, language } = resolveOptions(options);
  return prepareLaunch(launch, language);
}

function languageOf(server: Partial<ReplLanguage["server"]>): ReplLanguage {
  return { ...javascriptLanguage, server: { ...javascriptLanguage.server, ...server } };
}

describe("what is started", () => {
  test("is this Node with the server of JavaScript, over a socket", async () => {
    const launch = await launched({ timeMs: 500, memoryMB: 100 });
    expect(launch).toMatchObject({ program: process.execPath, hasSocket: true, isOwn: true, memoryMB: 100 });
    expect(launch.args).toEqual(["--max-old-space-size=100", file, "--fd", "3", "--time-ms", "500"]);
    expect(launch.environment).toEqual({ RLMFLOW_SANDBOX: launch.marker });
  });

  test("is another language's interpreter without flags of Node's", async () => {
    const language = languageOf({ command: ["sh", "-e"], takesDescriptor: true });
    const launch = await launched({ language });
    expect(launch.program).toMatch(/\/sh$/);
    expect(launch.args).toEqual(["-e", file, "--fd", "3", "--time-ms", "10000"]);
    expect(launch.memoryMB).toBeNull();
  });

  test("talks on stdin and stdout where the language's server knows no descriptor", async () => {
    const launch = await launched({ language: languageOf({ takesDescriptor: false }) });
    expect(launch.hasSocket).toBe(false);
    expect(launch.args).not.toContain("--fd");
    const runtime = subprocessRuntime({ language: languageOf({ takesDescriptor: false }) });
    expect(await outputOf(runtime, "print(6 * 7)")).toBe("42\n");
    await runtime.close();
  });

  test("is a command of the user's as it is, its environment without a mark", async () => {
    const launch = await launched({ command: ["sh", "-c", "a b"], environment: { A: "1" } });
    expect(launch).toMatchObject({
      args: ["-c", "a b"],
      environment: { A: "1" },
      hasSocket: false,
      isOwn: false,
    });
    expect(launch.shown).toBe('"sh …"');
  });

  test("has permissions for the server and for what was named, and for nothing else", async () => {
    const { args, mayStray } = await launched({ permissions: { readable: ["/data"], writable: ["/out"] } });
    expect(args.filter((arg) => /permission|allow/.test(arg))).toEqual([
      "--permission",
      `--allow-fs-read=${file}`,
      "--allow-fs-read=/data",
      "--allow-fs-write=/out",
    ]);
    expect(mayStray).toBe(false);
  });
});
