import vm from "node:vm";
import { compileBlock } from "../../src/language/compile-block.ts";

const DECLARE = `(() => {
const unset = new Map();
return (names, lexical) => {
  for (const [name, own] of unset) {
    if (own === undefined) delete globalThis[name];
    else Object.defineProperty(globalThis, name, own);
  }
  unset.clear();
  for (const name of lexical) {
    const set = (value) => {
      unset.delete(name);
      Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
    };
    const get = () => {
      throw new ReferenceError("Cannot access '" + name + "' before initialization");
    };
    const own = Object.getOwnPropertyDescriptor(globalThis, name);
    unset.set(name, own);
    if (own === undefined || own.configurable) Object.defineProperty(globalThis, name, { get, set, configurable: true });
  }
  for (const name of names) {
    if (lexical.includes(name)) continue;
    const own = Object.getOwnPropertyDescriptor(globalThis, name);
    if (own !== undefined && "value" in own && own.writable) continue;
    Object.defineProperty(globalThis, name, { value: own?.value, writable: true, enumerable: true, configurable: true });
  }
};
})()`;

/** A realm of its own in which compiled blocks run one after another, as they would in a REPL. */
export class Sandbox {
  readonly #context = vm.createContext();
  readonly #declare: unknown = vm.runInContext(DECLARE, this.#context);
  /** What the code wrote with `log`. */
  readonly log: unknown[] = [];

  constructor() {
    this.set("log", (...values: unknown[]) => void this.log.push(...values));
  }

  set(name: string, value: unknown): void {
    Object.assign(this.#context, { [name]: value });
  }

  /** Runs a block; resolves to the box of its last expression or to undefined, rejects with what it threw. */
  async box(code: string): Promise<readonly unknown[] | undefined> {
    const compiled = compileBlock(code);
    if (!compiled.ok) throw new SyntaxError(compiled.text);
    const main = vm.runInContext(`(${compiled.source}\n)`, this.#context, {
      filename: "block",
      lineOffset: -compiled.lineOffset,
      timeout: 5_000,
    });
    return main({ declare: this.#declare, dropped: (value: unknown) => value });
  }

  /** Runs a block; resolves to the value of its last expression. */
  async run(code: string): Promise<unknown> {
    return (await this.box(code))?.[0];
  }
}

/** The values of several blocks, run one after another in one realm. */
export async function runBlocks(...blocks: readonly string[]): Promise<unknown[]> {
  const sandbox = new Sandbox();
  const values: unknown[] = [];
  for (const block of blocks) values.push(await sandbox.run(block));
  return values;
}

/** The value of the last of several blocks. */
export async function valueAfter(...blocks: readonly string[]): Promise<unknown> {
  return (await runBlocks(...blocks)).at(-1);
}

/** What the model is told of code that does not compile. */
export function refusal(code: string): string {
  const compiled = compileBlock(code);
  return compiled.ok ? "it compiles" : compiled.text;
}
