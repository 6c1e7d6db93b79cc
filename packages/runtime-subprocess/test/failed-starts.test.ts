import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../../test/processes.ts";
import { type SubprocessRuntimeOptions, subprocessRuntime } from "../src/index.ts";
import { refusalOf } from "./sample-repl.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "subprocess-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const PREFIX = 'The runtime "subprocess" could not start a sandbox: ';

/** What the error says beyond what all of them say. Nothing is left running, and nothing took long. */
async function faultOf(options: SubprocessRuntimeOptions): Promise<string> {
  const { message, code, ms } = await refusalOf(subprocessRuntime({ times: { openMs: 20_000 }, ...options }));
  expect(code).toBe("runtime_failed");
  expect(ms).toBeLessThan(15_000);
  if (process.platform === "linux") expect(childrenOf()).toEqual([]);
  expect(message).toContain(PREFIX);
  return message.slice(PREFIX.length);
}

const running = (code: string) => ({ command: [process.execPath, "-e", code] });
const HELLO = '{"type":"hello","protocol":1,"engine":"v8 13.6"}';

describe("a command that is none", () => {
  test("is not on the PATH", async () => {
    expect(await faultOf({ command: ["no-such-program-here"] })).toBe(
      'there is no program "no-such-program-here" on the PATH. Install it, or name it with its whole path.',
    );
  });

  test("is not on the PATH that the environment names, though on this process's", async () => {
    expect(await faultOf({ command: ["sh"], environment: { PATH: folder } })).toContain(
      'no program "sh" on the PATH',
    );
  });

  test("is a path to nothing", async () => {
    const path = join(folder, "nothing");
    expect(await faultOf({ command: [path] })).toBe(
      `the program ${JSON.stringify(path)} does not exist. Write the path of one that does.`,
    );
  });

  test("is a directory", async () => {
    expect(await faultOf({ command: [folder] })).toContain("is a directory. Name a file in it.");
  });

  test("may not be executed", async () => {
    const path = file("plain", "#!/bin/sh\n", 0o644);
    expect(await faultOf({ command: [path] })).toContain(
      "may not be executed. Set its permission to execute (chmod +x).",
    );
  });

  test("is a script without an interpreter", async () => {
    const path = file("orphan", "#!/no/such/interpreter\n", 0o755);
    expect(await faultOf({ command: [path] })).toContain("the interpreter in the first line of");
  });
});

describe("a working directory that is none", () => {
  test("does not exist", async () => {
    expect(await faultOf({ workingDirectory: join(folder, "nowhere") })).toBe(
      `The working directory ${JSON.stringify(join(folder, "nowhere"))} does not exist. Make it, or name another.`,
    );
  });

  test("is a file", async () => {
    const path = file("file", "", 0o644);
    expect(await faultOf({ workingDirectory: path })).toContain("is no directory. Name one.");
  });
});

describe("a command that starts and serves nothing", () => {
  test("prints something else", async () => {
    const fault = await faultOf(
      running(`console.log("Welcome to this machine"); setInterval(() => {}, 1000);`),
    );
    expect(fault).toContain('wrote something to its output that is no frame: "Welcome to this machine".');
    expect(fault).toContain("Nothing else may write there.");
  });

  test("prints bytes without end", async () => {
    const flood =
      "const bytes = Buffer.alloc(65536, 1); const go = () => process.stdout.write(bytes, go); go();";
    expect(await faultOf(running(flood))).toContain("sent a frame of more than");
  });

  test("prints lines without end", async () => {
    const flood =
      'const lines = "yes\\n".repeat(20000); const go = () => process.stdout.write(lines, go); go();';
    expect(await faultOf(running(flood))).toContain('that is no frame: "yes".');
  });

  test("prints nothing", async () => {
    const fault = await faultOf({ ...running("setInterval(() => {}, 1000)"), times: { openMs: 1000 } });
    expect(fault).toContain("said nothing within 1000 ms, the limit set by times.openMs.");
  });

  test("exits at once, and says why", async () => {
    const fault = await faultOf(
      running(`console.error("Permission denied (publickey)."); process.exit(255);`),
    );
    expect(fault).toContain("exited with code 255. It wrote:\nPermission denied (publickey).");
  });

  test("exits at once without a word", async () => {
    expect(await faultOf(running(""))).toContain(
      'exited with code 0. The command must end with what serves the language, for example "node server.mjs".',
    );
  });

  test("is killed", async () => {
    expect(
      await faultOf(running(`process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);`)),
    ).toContain("was ended by SIGTERM.");
  });

  test("closes its output and runs on", async () => {
    const fault = await faultOf(running("require('node:fs').closeSync(1); setInterval(() => {}, 1000);"));
    expect(fault).toContain("closed its output and ran on.");
  });

  test("floods stderr: its last 4 KiB are told", async () => {
    const flood = `process.stderr.write("x".repeat(10_000_000) + "the end", () => process.exit(3));`;
    const fault = await faultOf(running(flood));
    expect(fault).toContain("exited with code 3. It wrote:\n…xxx");
    expect(fault).toMatch(/the end$/);
    expect(fault.length).toBeLessThan(5000);
  });

  test("writes what a terminal would obey", async () => {
    const fault = await faultOf(
      running(`process.stderr.write("\\x1b]0;title\\x07\\n\\tred", () => process.exit(1));`),
    );
    expect(fault).toContain("It wrote:\n\ufffd]0;title\ufffd\n\tred");
  });

  test("speaks another protocol", async () => {
    const fault = await faultOf(
      running(
        `console.log('{"type":"hello","protocol":99,"engine":"v8 20.0"}'); setInterval(() => {}, 1000);`,
      ),
    );
    expect(fault).toContain(
      "speaks protocol 99, and this side speaks 1. Put the same version of rlmflow on both sides.",
    );
  });

  test("runs on a Node that is too old", async () => {
    const old = HELLO.replace("v8 13.6", "v8 11.3.244.8-node.26");
    const fault = await faultOf(running(`console.log('${old}'); setInterval(() => {}, 1000);`));
    expect(fault).toContain("runs on v8 11.3.244.8-node.26, which is too old. It needs Node 22 or later.");
  });

  test("says something else first", async () => {
    const fault = await faultOf(running(`console.log('{"type":"opened"}'); setInterval(() => {}, 1000);`));
    expect(fault).toContain('did not say hello, but "opened".');
  });

  test("reports that it failed", async () => {
    const fault = await faultOf(
      running(
        `console.log('{"type":"failed","message":"Python 3.8 is too old."}'); setInterval(() => {}, 1000);`,
      ),
    );
    expect(fault).toMatch(/failed: Python 3\.8 is too old\.$/);
  });
});

describe("a command that says hello", () => {
  test("and dies before its REPL is open", async () => {
    const code = `console.log('${HELLO}'); process.stdin.once("data", () => { console.error("no space left"); process.exit(7); });`;
    const { message, code: errorCode } = await refusalOf(subprocessRuntime(running(code)));
    expect(errorCode).toBe("runtime_failed");
    expect(message).toContain("exited with code 7. It wrote:\nno space left");
  });

  test("and then hangs", async () => {
    const runtime = subprocessRuntime({
      ...running(`console.log('${HELLO}'); setInterval(() => {}, 1000);`),
      times: { openMs: 2000 },
    });
    const { message, ms } = await refusalOf(runtime);
    expect(message).toContain("it did not answer within 2000 ms, the limit set by times.openMs");
    expect(ms).toBeLessThan(20_000);
    if (process.platform === "linux") expect(childrenOf()).toEqual([]);
  });
});

test("a runtime that is closed while a sandbox starts leaves none behind", async () => {
  const runtime = subprocessRuntime(running("setInterval(() => {}, 1000)"));
  const opening = refusalOf(runtime);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await runtime.close();
  expect((await opening).code).toBe("closed");
  if (process.platform === "linux") {
    await expect.poll(() => childrenOf()).toEqual([]);
  }
});
