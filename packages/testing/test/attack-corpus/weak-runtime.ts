import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import type { Runtime } from "@rlmflow/core";
import type { Activation, ActivationState, Block, ReplSession } from "@rlmflow/core/driver";

/** What is wrong with a runtime that the corpus has to catch. */
export interface Weakness {
  /** Functions of the host, as they are, are the code's globals. */
  readonly leaksFunctions?: boolean;
  /** The text of an error has the stack of the host. */
  readonly leaksStacks?: boolean;
  /** The host's environment is shown as the value of every block. */
  readonly leaksEnvironment?: boolean;
  /** Milliseconds of one synchronous run, for which the host's event loop stands still. */
  readonly timeMs?: number;
}

/** Code in a `node:vm` context of this process: how not to do it. */
export function weakRuntime(weakness: Weakness): Runtime {
  return {
    protocol: 1,
    name: "weak",
    language: {
      name: "javascript",
      engine: "weak",
      fences: ["js"],
      parses: () => null,
      promptSections: () => [],
      signature: ({ name }) => name,
    },
    isolation: "none",
    replay: "exact",
    open: async () => new WeakSession(weakness),
    close: async () => {},
  };
}

class WeakSession implements ReplSession {
  readonly #weakness: Weakness;
  readonly #context: object;
  readonly #output: string[] = [];

  constructor(weakness: Weakness) {
    this.#weakness = weakness;
    // Even the prototype of an object made here would lead the code to this realm.
    this.#context = createContext(weakness.leaksFunctions ? this.#hostFunctions() : Object.create(null));
    runInContext(OWN_FUNCTIONS, this.#context);
  }

  #hostFunctions(): object {
    const print = (...values: unknown[]) => {
      const texts = values.map((value) => (typeof value === "string" ? value : inspect(value)));
      this.#output.push(texts.join(" "));
    };
    const fail = () => {
      const failed = Promise.reject(new Error("the tool failed"));
      failed.catch(() => {});
      return failed;
    };
    return { print, console: { log: print }, echo: async (value: unknown) => value, fail };
  }

  async start({ code }: Block): Promise<Activation> {
    const { timeMs = 300 } = this.#weakness;
    try {
      const wrapped = `(async () => { ${code}\n })()`;
      const running = Promise.resolve(runInContext(wrapped, this.#context, { timeout: timeMs }));
      const echo = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1000))]);
      const shown = this.#weakness.leaksEnvironment ? inspect(process.env) : echo === undefined ? "42" : "";
      return this.#activation({ kind: "ended", echo: shown, ...NOTHING });
    } catch (error) {
      const text = this.#weakness.leaksStacks ? `${process.cwd()}: ${String(error)}` : "it threw";
      return this.#activation({
        kind: "threw",
        error: { name: "Error", message: "m" },
        text,
        syntax: false,
        ...NOTHING,
      });
    }
  }

  async deliver(): Promise<Activation> {
    return this.#activation({ kind: "idle" });
  }

  async dispose(): Promise<void> {}

  #activation(state: ActivationState): Activation {
    const own = String(runInContext("written.splice(0).join('\\n')", this.#context));
    const output = [...this.#output.splice(0), own].join("\n");
    return { calls: [], output, codeMs: 0, state };
  }
}

const NOTHING = { variables: [], reads: [], unawaited: [] };

/** What a host without the leak makes of the code's own realm. */
const OWN_FUNCTIONS = `
  globalThis.written = [];
  globalThis.print ??= (...values) => { written.push(values.map(String).join(" ")); };
  globalThis.console ??= { log: print };
  globalThis.echo ??= async (value) => value;
  globalThis.fail ??= async () => { throw new Error("the tool failed"); };`;
