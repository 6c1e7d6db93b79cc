import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { pythonLanguage } from "../src/index.ts";
import { PYTHON_PARTS, pythonProgram } from "../tsup.config.ts";
import { PYTHON } from "./python-runtime.ts";

const parts = globSync("python/*.py", { cwd: join(import.meta.dirname, "..") }).map((path) =>
  basename(path, ".py"),
);

describe("the program", () => {
  test("is made of all its parts", () => {
    expect(PYTHON_PARTS.toSorted()).toEqual(parts.toSorted());
  });

  test("is what stands in dist, and what the language names", () => {
    expect(readFileSync(pythonLanguage.server.file, "utf8")).toBe(pythonProgram());
  });

  test("holds no line that imports a part", () => {
    const modules = [...pythonProgram().matchAll(/^(?:from|import) (\w+)/gm)].map(([, name = ""]) => name);
    expect(modules.filter((name) => PYTHON_PARTS.includes(name))).toEqual([]);
  });

  test("is refused where two parts define one name", () => {
    const read = (part: string): string => (part === "clock" || part === "loop" ? "def twice(): pass\n" : "");
    expect(() => pythonProgram(read)).toThrow("clock.py and loop.py define twice");
  });

  test("needs nothing but the interpreter's own library", () => {
    const list = execFileSync(PYTHON, ["-c", "import sys; print(*sys.stdlib_module_names)"], {
      encoding: "utf8",
    });
    const known = new Set(list.trim().split(" "));
    const modules = [...pythonProgram().matchAll(/^ *(?:from|import) (\w+)/gm)].map(([, name = ""]) => name);
    expect(modules.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("an interpreter", () => {
  test("tells a flag that is no number", () => {
    const { status, stdout } = run(PYTHON, "--time-ms", "soon");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ type: "failed", message: "--time-ms takes a number, not soon" });
  });

  test("ends well when there is nobody to serve, and its watch has nothing to add", async () => {
    const [, ...options] = pythonLanguage.server.command;
    const serve = async () => {
      const child = spawn(PYTHON, [...options, pythonLanguage.server.file], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
      return { stdout, status };
    };
    for (const { stdout, status } of await Promise.all(Array.from({ length: 12 }, serve))) {
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ type: "hello", protocol: 1 });
    }
  });

  const old = globSync(join(homedir(), ".pyenv/versions/3.{6,7,8,9}.*/bin/python")).filter(existsSync);
  test.skipIf(old.length === 0)("that is too old says so, once and clearly", () => {
    for (const python of old) {
      const { status, stdout, stderr } = run(python);
      expect(status).toBe(1);
      const { message } = JSON.parse(stdout);
      expect(message).toMatch(
        /^Python 3\.10 or newer is needed to serve a REPL; .* is Python 3\.[6-9]\.\d+\.$/,
      );
      expect(stderr).toBe(`${message}\n`);
    }
  });
});

function run(
  python: string,
  ...flags: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  const [, ...options] = pythonLanguage.server.command;
  return spawnSync(python, [...options, pythonLanguage.server.file, ...flags], {
    encoding: "utf8",
    input: "",
  });
}
