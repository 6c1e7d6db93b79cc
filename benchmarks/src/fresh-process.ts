import { fork } from "node:child_process";
import { join } from "node:path";

/** Runs a file of this folder in a process of its own, with `--expose-gc`, and gives what it sends. */
export function inFreshProcess<T>(file: string, ...parameters: readonly (string | number)[]): Promise<T> {
  const path = join(import.meta.dirname, file);
  const child = fork(path, parameters.map(String), {
    execArgv: ["--expose-gc", "--max-old-space-size=8192"],
    serialization: "json",
  });
  return new Promise((resolve, reject) => {
    let sent: { readonly value: T } | undefined;
    child.on("message", (value) => {
      sent = { value: value as T };
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (sent !== undefined && code === 0) resolve(sent.value);
      else reject(new TypeError(`${file} ended with ${signal ?? `exit code ${code}`} and sent no result.`));
    });
  });
}

/** Sends the result of this process to the one that started it; the process then ends. */
export function sendResult(value: unknown): void {
  if (process.send === undefined) console.log(value);
  else process.send(value);
  process.disconnect?.();
}
