import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { onTestFinished } from "vitest";

/** The system calls that change something on disk; those of open files come from the class of {@link fs.promises.FileHandle}. */
const OF_PATHS = ["mkdir", "rename", "link", "writeFile"] as const;
const OF_PLACES = ["renameSync", "linkSync", "writeFileSync", "writeSync"] as const;
const OF_HANDLES = ["write", "sync", "datasync", "truncate", "writeFile"] as const;

/** Lets one of the system calls that change the disk fail. */
export interface FailingCalls {
  /** The calls since {@link arm}. */
  readonly made: readonly string[];
  /** From now on counts, and lets the call of this number fail once with this code. */
  arm(at: number, code: string): void;
  disarm(): void;
}

type Method = (...args: readonly unknown[]) => unknown;

/** Puts itself between this process and the system until the test has ended. */
export async function failingCalls(): Promise<FailingCalls> {
  let made: string[] = [];
  let failing: { readonly at: number; readonly code: string } | null = null;
  const count = (name: string): Error | null => {
    if (failing === null) return null;
    made.push(name);
    const { at, code } = failing;
    return made.length === at ? Object.assign(new Error(`${code}: injected, ${name}`), { code }) : null;
  };
  const handle = await fs.promises.open(import.meta.filename);
  const handles: object = Object.getPrototypeOf(handle);
  await handle.close();
  const replace = (target: object, name: string, isSync = false) => {
    const original: Method = Reflect.get(target, name);
    Reflect.set(target, name, function replaced(this: unknown, ...args: readonly unknown[]) {
      const error = count(name);
      if (error === null) return Reflect.apply(original, this, args);
      if (isSync) throw error;
      return Promise.reject(error);
    });
    onTestFinished(() => {
      Reflect.set(target, name, original);
      syncBuiltinESMExports();
    });
  };
  for (const name of OF_PATHS) replace(fs.promises, name);
  for (const name of OF_HANDLES) replace(handles, name);
  for (const name of OF_PLACES) replace(fs, name, true);
  syncBuiltinESMExports();
  return {
    get made() {
      return made;
    },
    arm: (at, code) => {
      made = [];
      failing = { at, code };
    },
    disarm: () => {
      failing = null;
    },
  };
}
