import { RLMError } from "@rlmflow/core";
import { javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import { describe, expect, test } from "vitest";
import type { SubprocessRuntimeOptions } from "../src/index.ts";
import { resolveOptions } from "../src/resolve-options.ts";

/** What is wrong with options as a caller without types might give them. */
function problemsOf(options: Readonly<Record<string, unknown>>): unknown {
  try {
    resolveOptions(options as SubprocessRuntimeOptions);
  } catch (error) {
    expect(RLMError.is(error, "invalid_options")).toBe(true);
    return error instanceof RLMError ? error.details.problems : null;
  }
  return [];
}

const snakeLanguage: ReplLanguage = {
  ...javascriptLanguage,
  language: { ...javascriptLanguage.language, name: "snake" },
  server: { file: "/snake", command: ["snake"], takesDescriptor: true },
};

describe("options", () => {
  test("have defaults", () => {
    const { launch, times, language, limits } = resolveOptions();
    expect(launch).toEqual({
      command: null,
      workingDirectory: null,
      environment: {},
      permissions: null,
      memoryMB: 512,
      rssMB: 1024,
      timeMs: 10_000,
    });
    expect(times).toEqual({ openMs: 30_000, wallMs: 30_000, idleMs: Number.POSITIVE_INFINITY });
    expect([language, limits]).toEqual([javascriptLanguage, {}]);
  });

  test("give code that may compute for long a longer wall time", () => {
    expect(resolveOptions({ timeMs: 60_000 }).times.wallMs).toBe(80_000);
  });

  test("take an environment as names, as values, and as both", () => {
    expect(resolveOptions({ environment: ["PATH"] }).launch.environment).toEqual({ PATH: true });
    expect(resolveOptions({ environment: { PATH: true, A: "b" } }).launch.environment).toEqual({
      PATH: true,
      A: "b",
    });
  });

  test("are checked all at once", () => {
    const problems = problemsOf({
      comand: ["node"],
      command: [],
      workingDirectory: "",
      environment: ["A=b", 3],
      memoryMB: 1,
      rssMB: "1 GB",
      timeMs: 0.5,
      times: { wallMs: 1, closeMs: 5 },
      limits: { outputKept: -1 },
    });
    expect(problems).toEqual([
      "command must be a list that begins with the program, not an empty list",
      'workingDirectory must be a path, not ""',
      'environment[0] must be a variable whose name has no =, not "A=b"',
      "environment[1] must be a name, not 3",
      "memoryMB must be a whole number of megabytes from 16 to 65536, not 1",
      'rssMB must be a whole number of megabytes from 128 to 1048576, not "1 GB"',
      "timeMs must be a whole number of milliseconds from 10 to 3600000, not 0.5",
      "times.wallMs must be a whole number of milliseconds from 100 to 7200000, not 1",
      "there is no times.closeMs",
      "limits.outputKept must be a whole number of characters, values or calls from 1 to 2147483648, not -1",
      "there is no comand",
    ]);
  });

  test("are refused in one message", () => {
    expect(() => resolveOptions({ command: [""], timeMs: 1 })).toThrow(
      "subprocessRuntime was given options it can't take: command must be a list that begins with the program, not a list; timeMs must be a whole number of milliseconds from 10 to 3600000, not 1.",
    );
  });

  test("of this package's own server do not go with a command", () => {
    expect(problemsOf({ command: ["ssh"], memoryMB: 64, rssMB: 128, permissions: {}, timeMs: 50 })).toEqual([
      "permissions is not for a command of your own: put what it takes into the command",
      "memoryMB is not for a command of your own: put what it takes into the command",
      "rssMB is not for a command of your own: put what it takes into the command",
      'timeMs is not for a command of your own: put "--time-ms" into the command',
    ]);
  });

  test("of Node do not go with a language that another program runs", () => {
    expect(problemsOf({ language: snakeLanguage, memoryMB: 64, permissions: {}, rssMB: 128 })).toEqual([
      "permissions is of Node, and snake runs on another program",
      "memoryMB is of Node, and snake runs on another program",
    ]);
  });

  test.each([
    [{ environment: "PATH" }, 'environment must be a list of names, or a record of values, not "PATH"'],
    [{ environment: { A: 1 } }, "environment.A must be a text without NUL, or true, not 1"],
    [{ environment: { "": "x" } }, 'environment. must be a variable whose name has no =, not ""'],
    [{ permissions: "on" }, 'permissions must be a record with readable and writable, not "on"'],
    [{ permissions: { read: [] } }, "there is no permissions.read"],
    [{ permissions: { readable: "/" } }, 'permissions.readable must be a list of paths, not "/"'],
    [{ permissions: { writable: [""] } }, 'permissions.writable[0] must be a text that is not empty, not ""'],
    [{ times: { wallMs: 500 } }, "times.wallMs (500) must not be below timeMs (10000)"],
    [
      { command: ["ssh"], times: { wallMs: 3000 }, timeMs: 50 },
      'timeMs is not for a command of your own: put "--time-ms" into the command',
    ],
    [{ times: 5 }, "times must be a record of milliseconds, not 5"],
    [{ limits: 5 }, "limits must be a record of numbers, not 5"],
    [{ limits: { outputt: 3 } }, "there is no limits.outputt"],
    [
      { language: "python" },
      'language must be a language: javascriptLanguage of @rlmflow/repl, or pythonLanguage of @rlmflow/repl-python, not "python"',
    ],
    [
      { command: "node server.mjs" },
      'command must be a list of texts without NUL, the program first, not "node server.mjs"',
    ],
    [{ command: ["node", "a\0b"] }, 'command[1] must be a text without NUL, not "a\\u0000b"'],
  ])("%j are refused", (options, problem) => {
    expect(problemsOf(options)).toEqual([problem]);
  });
});
