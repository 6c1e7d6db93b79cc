import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { link, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Tool } from "@rlmflow/core";
import { beforeEach, describe, expect, it } from "vitest";
import { fileTools } from "../../src/file-tools.ts";
import { DirectoryHandle } from "../../src/files/directory-handle.ts";
import { call, complaint, makeDirectory } from "../working-directory.ts";

let outer = "";
let root = "";
let tools: Tool[] = [];

beforeEach(async () => {
  outer = await makeDirectory();
  root = join(outer, "work");
  await mkdir(join(root, ".rlmflow/runs"), { recursive: true });
  await mkdir(join(root, "sub/.rlmflow"), { recursive: true });
  await mkdir(join(outer, "work-2"));
  for (const path of [
    "secret",
    "work-2/secret",
    "work/.rlmflow/secret",
    "work/sub/.rlmflow/secret",
    "work/.rlmflow-tmp",
  ]) {
    await writeFile(join(outer, path), "SECRET");
  }
  await writeFile(join(root, "sub/file"), "fine");
  tools = fileTools(root);
});

/** Paths that must neither give anything of the outside or of the run store, nor change anything there. */
const HOSTILE = [
  "..",
  "../secret",
  "../../secret",
  "sub/../../secret",
  "sub/../sub/../../secret",
  "./../secret",
  ".//../secret",
  "../work-2/secret",
  "../work/.rlmflow/secret",
  "sub/..",
  "sub/../file",
  "..../secret/../..",
  " ../../secret/..",
  "/etc/passwd",
  "//etc/passwd",
  "/",
  "/proc/self/environ",
  "/proc/self/fd/0",
  "/dev/zero",
  "/tmp",
  "\\etc\\passwd",
  "..\\secret",
  "sub\\..\\..\\secret",
  "\\\\host\\share\\x",
  "\\\\?\\C:\\x",
  "sub/..\\..\\secret",
  "C:",
  "C:\\secret",
  "C:/secret",
  "c:secret",
  "z:/../secret",
  "file:///etc/passwd",
  "FILE://localhost/etc/passwd",
  "http://localhost/x",
  "data+x://a",
  "~",
  "~/secret",
  "~/../secret",
  "\0",
  "sub/file\0",
  "sub/file\0.txt",
  "../secret\0",
  "\0../secret",
  "a\nb",
  "a\rb",
  "a\tb",
  "a\u001bb",
  "a\u007fb",
  "a\u0085b",
  "\ud800",
  "a/\udfff",
  "x".repeat(1_025),
  `${"a/".repeat(70)}b`,
  "x".repeat(256),
  "é".repeat(128),
  ".rlmflow",
  ".rlmflow/",
  ".rlmflow/secret",
  "./.rlmflow/secret",
  "sub/.rlmflow/secret",
  ".rlmflow/runs",
  ".rlmflow-tmp",
  ".RLMFLOW/secret",
  ".RlmFlow/secret",
  ".rlmFLOW",
  ".rlmflow./secret",
  ".rlmflow /secret",
  ".rlmflow. . /secret",
  ".rlmflow::$INDEX_ALLOCATION/secret",
  ".rlmflow:x",
  "RLMFLO~1/secret",
  "rlmflo~2",
  ".rlm\ufb02ow/secret",
  ".r\u200dlmflow/secret",
  "\u200b.rlmflow/secret",
  ".rlmflow\u00ad/secret",
  "\ufeff.rlmflow/secret",
  ".\uff52lmflow/secret",
  "\uff0erlmflow/secret",
  ".\ud835\udc2blmflow/secret",
  ".rlmflow\u2060-tmp",
];

/** What is on the disk outside what tools may touch. */
async function outside(): Promise<string> {
  const paths = await readdir(outer, { recursive: true });
  const kept = paths.filter((path) => !path.startsWith("work/") || path.includes(".rlmflow")).toSorted();
  const secrets = await Promise.all(
    kept.filter((path) => path.endsWith("secret")).map((path) => readFile(join(outer, path), "utf8")),
  );
  return JSON.stringify([kept, secrets]);
}

describe("a hostile path", () => {
  it("stands in a table of at least 60, each once", () => {
    expect(new Set(HOSTILE).size).toBe(HOSTILE.length);
    expect(HOSTILE.length).toBeGreaterThanOrEqual(60);
  });

  it.each(HOSTILE)("%j gives nothing and changes nothing", async (path) => {
    const before = await outside();
    const answers = [
      await complaint(tools, "readFile", path),
      await complaint(tools, "readLines", path, 0),
      await complaint(tools, "lineCount", path),
      await complaint(tools, "writeFile", path, "HACKED"),
      await complaint(tools, "appendFile", path, "HACKED"),
      await complaint(tools, "editFile", path, [{ old: "SECRET", new: "HACKED" }]),
      await complaint(tools, "ls", path),
      await complaint(tools, "listFiles", path),
      await complaint(tools, "countFiles", path),
      await complaint(tools, "grep", "SECRET", path),
      await complaint(tools, "fileInfo", path),
      await complaint(tools, "listFiles", `${path}/**`),
    ];
    for (const answer of answers) {
      expect(answer).toMatch(
        /^There is no |^The path |is the working directory, not a file|^no failure: null$/,
      );
      expect(answer).not.toContain("SECRET");
      expect(answer).not.toContain(outer);
    }
    expect(await outside()).toBe(before);
  });

  it("is refused with a reason a model can act on", async () => {
    expect(await complaint(tools, "readFile", "../secret")).toBe(
      'The path "../secret" holds "..". Give a path relative to the working directory, such as "notes/a.txt".',
    );
    expect(await complaint(tools, "readFile", "/etc/passwd")).toContain("is absolute");
    expect(await complaint(tools, "readFile", "C:\\x")).toContain("directories are separated by");
    expect(await complaint(tools, "readFile", "C:/x")).toContain("begins with a drive letter");
    expect(await complaint(tools, "readFile", "file:///etc/passwd")).toContain("is a URL");
    expect(await complaint(tools, "readFile", "a\0")).toContain("holds a control character");
    expect(await complaint(tools, "readFile", ".rlmflow/secret")).toBe('There is no ".rlmflow/secret".');
  });

  it("that only looks hostile is a name like another", async () => {
    for (const path of [
      "...",
      "..a",
      "a..",
      "%2e%2e/%2e%2e",
      "-rf",
      "$(id)",
      "a b",
      "~x",
      "con",
      "rlmflow",
      ".rlmflowx",
      "__proto__",
      "*",
      "\u202eabc",
      "．．/secret",
    ]) {
      await call(tools, "writeFile", path, path);
      expect(await call(tools, "readFile", path)).toBe(path);
    }
  });
});

describe.each([
  ["by descriptors", true],
  ["by real paths, as where there is no /proc", false],
])("a link or special file, with directories addressed %s,", (_, descriptors) => {
  const open = () => DirectoryHandle.openRoot(root, { descriptors });
  const reason = (promise: Promise<unknown>) =>
    promise.then(
      () => "no failure",
      (error: Error) => error.message,
    );

  it("is not followed, wherever it leads", async () => {
    await symlink("../secret", join(root, "out"));
    await symlink(".rlmflow/secret", join(root, "store"));
    await symlink("sub/file", join(root, "inside"));
    await symlink("nowhere", join(root, "dangling"));
    await symlink("loop", join(root, "loop"));
    await using directory = await open();
    for (const name of ["out", "store", "inside", "dangling", "loop"]) {
      const message = `"${name}" is a symbolic link, which the file tools do not follow or open.`;
      expect(await reason(directory.openFile(name))).toBe(message);
      expect(await reason(directory.replaceFile(name, Buffer.from("HACKED")))).toBe(message);
    }
    expect(await readFile(join(outer, "secret"), "utf8")).toBe("SECRET");
  });

  it("is not followed as a directory either", async () => {
    await symlink("..", join(root, "up"));
    await symlink("sub", join(root, "inside"));
    await symlink(".rlmflow", join(root, "store"));
    await using directory = await open();
    for (const name of ["up", "inside", "store"]) {
      expect(await reason(directory.openDirectory(name, { create: true }))).toContain(
        `"${name}" is a symbolic link`,
      );
    }
  });

  it("never blocks: fifo, socket, device", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    const server = createServer().listen(join(root, "socket"));
    await once(server, "listening");
    const device = makeDevice(join(root, "device"));
    await using directory = await open();
    for (const name of ["pipe", "socket", ...(device ? ["device"] : [])]) {
      const message = `"${name}" is a special file, which the file tools do not follow or open.`;
      expect(await reason(directory.openFile(name))).toBe(message);
      expect(await reason(directory.replaceFile(name, Buffer.from("x")))).toBe(message);
    }
    server.close();
  });

  it("leaves no file behind when its directory is moved away before the write ends", async () => {
    await using directory = await open();
    await using sub = await directory.openDirectory("sub");
    await rename(join(root, "sub"), join(outer, "moved"));
    const message = await reason(sub.replaceFile("new", Buffer.from("x")));
    expect(message).toMatch(/was moved or replaced|There is no/);
    expect((await readdir(join(outer, "moved"))).toSorted()).toEqual([".rlmflow", "file"]);
  });

  it("gives a file, lists without links as files and writes", async () => {
    await symlink("sub/file", join(root, "alias"));
    await using directory = await open();
    await using sub = await directory.openDirectory("sub");
    await using file = await sub.openFile("file");
    expect((await file.readFile()).toString()).toBe("fine");
    await sub.replaceFile("new", Buffer.from("x"));
    expect(await readFile(join(root, "sub/new"), "utf8")).toBe("x");
    expect((await directory.entries()).entries).toEqual([
      { name: "alias", kind: "other" },
      { name: "sub", kind: "directory" },
    ]);
  });
});

/** A device needs rights that not every machine gives; without them the fifo and the socket must do. */
function makeDevice(path: string): boolean {
  try {
    execFileSync("mknod", [path, "c", "1", "5"], { stdio: "ignore" });
  } catch {
    return false;
  }
  return existsSync(path);
}

describe("an open file", () => {
  it.skipIf(!existsSync("/proc/self/fd"))("is closed again whatever happens", async () => {
    await symlink("sub", join(root, "link"));
    const open = async () => (await readdir("/proc/self/fd")).length;
    await call(tools, "readFile", "sub/file");
    const before = await open();
    for (let round = 0; round < 20; round += 1) {
      await call(tools, "readFile", "sub/file");
      await call(tools, "writeFile", `sub/${round}/deep/x`, "x");
      await call(tools, "listFiles", "", 1);
      await call(tools, "grep", "x", "", 1);
      await complaint(tools, "readFile", "sub");
      await complaint(tools, "readFile", "link/file");
      await complaint(tools, "readFile", "sub/none");
      await complaint(tools, "writeFile", "sub", "x");
      await complaint(tools, "listFiles", "sub/none");
    }
    expect(await open()).toBeLessThanOrEqual(before + 2);
  });

  it("is one of few, however many calls come at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 3_000 }, () => call(tools, "readFile", "sub/file")),
    );
    expect(new Set(answers)).toEqual(new Set(["fine"]));
  });
});

describe("a hard link", () => {
  it("to a file outside can be read, but writing makes a file of its own", async () => {
    await link(join(outer, "secret"), join(root, "hard"));
    expect(await call(tools, "readFile", "hard")).toBe("SECRET");
    await call(tools, "writeFile", "hard", "mine");
    expect(await readFile(join(outer, "secret"), "utf8")).toBe("SECRET");
  });
});

describe("a race", () => {
  it("with a process that swaps a directory and a file for links gives nothing of the outside", {
    timeout: 300_000,
  }, async () => {
    await mkdir(join(outer, "evil"));
    await writeFile(join(outer, "evil/file"), "SECRET");
    await mkdir(join(root, "swap"));
    await writeFile(join(root, "swap/file"), "fine");
    const child = fork(join(import.meta.dirname, "swap-links.mjs"), [outer], { execArgv: [] });
    let swaps = 0;
    child.on("message", (round) => {
      swaps = Number(round);
    });
    try {
      await once(child, "message");
      const seen = new Map<string, number>();
      const note = (text: string) => seen.set(text, (seen.get(text) ?? 0) + 1);
      const often = (what: string) => (seen.get(what) ?? 0) > 200;
      while (!often("answer") || !often("failure") || swaps <= 1000) {
        const answers = await Promise.all([
          complaint(tools, "readFile", "swap/file"),
          complaint(tools, "readFile", "single"),
          complaint(tools, "grep", "SECRET", "swap"),
          complaint(tools, "writeFile", "swap/made", "HACKED"),
          complaint(tools, "writeFile", "single", "fine"),
          complaint(tools, "listFiles", "swap"),
        ]);
        for (const answer of answers) {
          expect(answer).not.toContain('"SECRET');
          expect(answer).not.toContain("swap/evil-only");
          note(answer.startsWith("no failure") ? "answer" : "failure");
        }
      }
    } finally {
      const running = child.exitCode === null;
      child.kill("SIGKILL");
      if (running) await once(child, "exit");
      expect(running).toBe(true);
    }
    expect((await readdir(join(outer, "evil"))).toSorted()).toEqual(["evil-only", "file"]);
    expect(await readFile(join(outer, "evil/file"), "utf8")).toBe("SECRET");
    expect(await readFile(join(outer, "secret"), "utf8")).toBe("SECRET");
  });
});
