import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "@rlmflow/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";
import { outputOf } from "./sample-repl.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "subprocess-"));
  writeFileSync(join(folder, "secret"), "a secret");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Leaves the realm: a refused `import()` in `eval` throws an error of the server's own. */
const ESCAPE = `let host; try { await eval("import('x')"); } catch (error) { host = error.constructor.constructor("return process")(); }
const load = (name) => host.getBuiltinModule(name);
const attempt = (what) => { try { return String(what()); } catch (error) { return error.code ?? error.message; } };`;

/** What escaped code gets from an expression. */
async function escaped(runtime: Runtime, expression: string): Promise<string> {
  const output = await outputOf(runtime, `${ESCAPE}\nprint(attempt(() => ${expression}));`);
  await runtime.close();
  return output.trimEnd();
}

const readSecret = () => `load("fs").readFileSync(${JSON.stringify(join(folder, "secret"))}, "utf8")`;
const write = (name: string) => `load("fs").writeFileSync(${JSON.stringify(join(folder, name))}, "written")`;
const RUN = 'load("child_process").execFileSync("/bin/echo", ["ran"])';

describe("code that stays in its realm", () => {
  test("sees nothing of Node", async () => {
    const runtime = subprocessRuntime();
    const names = "[typeof process, typeof require, typeof fetch, typeof Buffer, typeof setTimeout]";
    expect(await outputOf(runtime, `print(new Set(${names}).size, typeof process)`)).toBe("1 undefined\n");
    await runtime.close();
  });
});

describe("code that escaped", () => {
  test("has the user's rights, as the documentation says", async () => {
    expect(await escaped(subprocessRuntime(), readSecret())).toBe("a secret");
    expect(await escaped(subprocessRuntime(), RUN)).toBe("ran");
  });

  test("reads and starts nothing under permissions", async () => {
    for (const what of [readSecret(), write("a"), RUN, 'new (load("worker_threads").Worker)("/x")']) {
      expect(await escaped(subprocessRuntime({ permissions: {} }), what), what).toBe("ERR_ACCESS_DENIED");
    }
  });

  test("reads and writes where the permissions say", async () => {
    const reading = { permissions: { readable: [folder] } };
    expect(await escaped(subprocessRuntime(reading), readSecret())).toBe("a secret");
    expect(await escaped(subprocessRuntime(reading), write("b"))).toBe("ERR_ACCESS_DENIED");
    const writing = { permissions: { writable: [folder] } };
    expect(await escaped(subprocessRuntime(writing), write("c"))).toBe("undefined");
    expect(readFileSync(join(folder, "c"), "utf8")).toBe("written");
    expect(await escaped(subprocessRuntime(writing), readSecret())).toBe("ERR_ACCESS_DENIED");
  });
});

describe("the environment", () => {
  const seen = async (environment?: Parameters<typeof subprocessRuntime>[0]): Promise<unknown> => {
    const text = await escaped(subprocessRuntime(environment), "JSON.stringify(host.env)");
    const { RLMFLOW_SANDBOX: mark, TZ, ...rest }: Record<string, string> = JSON.parse(text);
    expect([typeof mark, TZ]).toEqual(["string", "UTC"]);
    return rest;
  };

  test("is empty but for the mark", async () => {
    expect(await seen()).toEqual({});
  });

  test("is what was named, where this process has it", async () => {
    process.env.RLMFLOW_TEST_VARIABLE = "passed on";
    try {
      const environment = ["RLMFLOW_TEST_VARIABLE", "RLMFLOW_NO_SUCH_VARIABLE"];
      expect(await seen({ environment })).toEqual({ RLMFLOW_TEST_VARIABLE: "passed on" });
      const both = { RLMFLOW_TEST_VARIABLE: true, OTHER: "of its own" } as const;
      expect(await seen({ environment: both })).toEqual({
        RLMFLOW_TEST_VARIABLE: "passed on",
        OTHER: "of its own",
      });
    } finally {
      delete process.env.RLMFLOW_TEST_VARIABLE;
    }
  });

  test("may name the folder that the process starts in", async () => {
    expect(await escaped(subprocessRuntime({ workingDirectory: folder }), "host.cwd()")).toContain(
      folder.split("/").at(-1),
    );
  });
});

describe("frames", () => {
  test("can't be forged by what escaped code writes to its outputs", async () => {
    const forged = JSON.stringify({ type: "failed", message: "forged" });
    const runtime = subprocessRuntime();
    const code = `${ESCAPE}\nload("fs").writeSync(1, ${JSON.stringify(`${forged}\n`)}); load("fs").writeSync(2, ${JSON.stringify(`${forged}\n`)}); print("well");`;
    expect(await outputOf(runtime, code)).toBe("well\n");
    expect(await outputOf(runtime, code)).toBe("well\n");
    await runtime.close();
  });
});
