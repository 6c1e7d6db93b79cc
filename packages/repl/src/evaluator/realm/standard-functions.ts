import { decodeBase64, encodeBase64 } from "./base64.ts";
import {
  defineMethods,
  defineValue,
  PromiseConstructor,
  react,
  realmGlobal,
  TypeErrorConstructor,
} from "./primordials.ts";
import { installPromiseNames } from "./promise-names.ts";
import { structuredCopy } from "./structured-copy.ts";

/** Functions that code expects of any JavaScript and that the language itself lacks. */
export function installStandardFunctions(): void {
  installPromiseNames();
  const settled = PromiseConstructor.resolve();
  defineValue(settled, "constructor", undefined, false);
  defineMethods(realmGlobal, {
    queueMicrotask(work: unknown): void {
      if (typeof work !== "function") throw new TypeErrorConstructor("queueMicrotask takes a function");
      const run = work as () => unknown;
      react(settled, () => void run(), undefined);
    },
    structuredClone: (value: unknown) => structuredCopy(value),
    atob: (text: unknown) => decodeBase64(text),
    btoa: (text: unknown) => encodeBase64(text),
  });
}
