import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { block, loopbackServer } from "./loopback-server.ts";

const HOOKS = join(import.meta.dirname, "../../../packages/workspace/test/source-hooks.ts");
const COMMAND = join(import.meta.dirname, "../src/rlmflow.ts");
const KEY = "sk-planted-4d1f0c7a2b9e";

/** Looks for the key wherever code that means to can look, and prints what it found. */
const SEARCH = `
const seen = [];
for (const name of Reflect.ownKeys(globalThis)) { try { seen.push(String(name), String(globalThis[name])); } catch {} }
for (const value of [print, done, CONTEXT, delegate, globalThis, [].constructor]) {
  try { seen.push(JSON.stringify(value.constructor.constructor("return process")().env)); } catch (error) { seen.push(error.message); }
}
try { await llmQuery("refused"); } catch (error) { seen.push(error.message); print(error.message); }
print(seen.join("\\n").includes("sk-planted") ? "found the key" : "found nothing", seen.length > 50);
`;

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-secrets-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** The processes below this one. */
function descendants(pid: number): readonly number[] {
  const parents = readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readIfThere(`/proc/${name}/stat`) : "";
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    return parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent) }];
  });
  const below = parents.filter(({ parent }) => parent === pid).map((process) => process.pid);
  return below.flatMap((child) => [child, ...descendants(child)]);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Whether the text lies anywhere in the memory of the process that it can write to. */
function inMemory(pid: number, text: string): boolean {
  const wanted = [Buffer.from(text, "latin1"), Buffer.from(text, "utf16le")];
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    return regionsOf(pid).some(({ from, size }) => {
      const bytes = Buffer.alloc(size);
      try {
        readSync(memory, bytes, 0, size, from);
      } catch {
        return false;
      }
      return wanted.some((pattern) => bytes.includes(pattern));
    });
  } finally {
    closeSync(memory);
  }
}

const LARGEST_REGION = 256 * 2 ** 20;

function regionsOf(pid: number): readonly { readonly from: number; readonly size: number }[] {
  return readIfThere(`/proc/${pid}/maps`)
    .split("\n")
    .flatMap((line) => {
      const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const region = {
        from: Number.parseInt(from, 16),
        size: Number.parseInt(to, 16) - Number.parseInt(from, 16),
      };
      return region.size > 0 && region.size <= LARGEST_REGION ? [region] : [];
    });
}

/** Every file below a directory that holds the text. */
async function filesWith(wanted: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(file, "latin1") })),
  );
  expect(texts.length).toBeGreaterThan(2);
  return texts.filter((read) => read.text.includes(wanted)).map(({ file }) => file);
}

function start(args: readonly string[]) {
  const env = { ...process.env, OPENAI_API_KEY: KEY };
  const child = spawn(process.execPath, ["--import", HOOKS, COMMAND, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { pid: child.pid ?? 0, ended: ended.then(([stdout, stderr]) => ({ stdout, stderr })) };
}

const onLinux = existsSync("/proc/self/mem");

describe.skipIf(!onLinux)("a provider's key", () => {
  it.each(["isolated", "subprocess"])(
    "is out of reach of code in the runtime %s, and on no record",
    async (runtime) => {
      const looked = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      await using server = await loopbackServer(async ({ query, turn }) => {
        if (query === "refused") return 401;
        if (turn === 0) return block(SEARCH);
        asked.resolve();
        await looked.promise;
        return block("done('looked')");
      });
      const where = ["--base-url", server.url, "--api-key-env", "OPENAI_API_KEY", "--dir", directory];
      const run = start(["run", "Look for keys.", "--model", "m", "--runtime", runtime, ...where]);
      await Promise.race([asked.promise, run.ended]);
      const sandboxes = descendants(run.pid);
      expect(sandboxes.length).toBeGreaterThan(0);
      for (const pid of sandboxes) {
        expect(readIfThere(`/proc/${pid}/environ`)).not.toContain(KEY);
        expect(readIfThere(`/proc/${pid}/cmdline`)).not.toContain(KEY);
        expect(inMemory(pid, KEY), `process ${pid}`).toBe(false);
      }
      // The search does find what is there: the command itself has the key.
      expect(inMemory(run.pid, KEY)).toBe(true);
      looked.resolve();
      const { stdout, stderr } = await run.ended;
      expect(stdout).toBe("looked\n");
      expect(stderr).not.toContain(KEY);
      const { stdout: trace } = await start(["export", directory, "--file", join(directory, "trace.json")])
        .ended;
      expect(trace).not.toContain(KEY);
      expect(await filesWith(KEY)).toEqual([]);
      expect(await filesWith("found nothing true")).not.toEqual([]);
      expect(await filesWith('status 401 for \\"Bearer [secret]\\"')).not.toEqual([]);
      const sent = server.received.map(({ authorization }) => authorization);
      expect(sent).toEqual(Array.from({ length: 3 }, () => `Bearer ${KEY}`));
      for (const { body } of server.received) expect(body).not.toContain(KEY);
    },
  );
});
