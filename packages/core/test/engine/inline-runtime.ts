import type { Activation, Answer, Block, Call, Language, ReplSession, ReplSpec } from "../../src/driver.ts";
import type { Runtime } from "../../src/index.ts";

/**
 * A runtime for tests of the engine alone: a block is the body of an async function that sees the calls of
 * the REPL and an object `vars` that persists. No isolation, no rewriting; the real REPLs have suites of
 * their own.
 */
export function inlineRuntime(observe: (session: InlineSession) => void = () => {}): Runtime {
  return {
    protocol: 1,
    name: "inline",
    language: inlineLanguage,
    isolation: "none",
    replay: "exact",
    open: async (spec) => {
      const session = new InlineSession(spec);
      observe(session);
      return session;
    },
    close: async () => {},
  };
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>;

const inlineLanguage: Language = {
  name: "javascript",
  engine: "inline",
  fences: ["repl", "js"],
  parses: (code) => {
    try {
      new AsyncFunction(code);
      return null;
    } catch (error) {
      return String(error);
    }
  },
  literal: (value) => JSON.stringify(value),
  promptSections: () => [{ name: "repl", text: "Write JavaScript." }],
  signature: (tool) => `await ${tool.name}(${tool.input.map((parameter) => parameter.name).join(", ")})`,
};

interface Handle {
  readonly block: string;
  readonly index: number;
}

export class InlineSession implements ReplSession {
  readonly spec: ReplSpec;
  disposed = false;
  readonly blocks: string[] = [];
  readonly #vars: Record<string, unknown> = {};
  #block: RunningBlock | null = null;

  constructor(spec: ReplSpec) {
    this.spec = spec;
  }

  async start(block: Block): Promise<Activation> {
    if (this.disposed) return lost();
    this.blocks.push(block.id);
    this.#block = new RunningBlock(block, this.spec, this.#vars);
    return await this.#activation();
  }

  async deliver(answer: Answer): Promise<Activation> {
    if (this.disposed || this.#block === null) return lost();
    this.#block.settle(answer);
    return await this.#activation();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }

  async #activation(): Promise<Activation> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.disposed || this.#block === null ? lost() : this.#block.activation();
  }
}

function lost(): Activation {
  return { calls: [], output: "", codeMs: 0, state: { kind: "lost", blame: "none", message: "disposed" } };
}

class RunningBlock {
  readonly #id: string;
  #issued = 0;
  #calls: Call[] = [];
  #output = "";
  #state: Activation["state"] = { kind: "idle" };
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();

  constructor(block: Block, spec: ReplSpec, vars: Record<string, unknown>) {
    this.#id = block.id;
    const call = (name: string, args: readonly unknown[]) => this.#call(name, args);
    const wait = (...handles: Handle[]) =>
      call(
        "wait",
        handles.map(({ block, index }) => ({ block, index })),
      ).then((outcomes) =>
        (outcomes as { ok: boolean; value: unknown; error: { message: string } }[]).map((outcome) => {
          if (!outcome.ok) throw new Error(outcome.error.message);
          return outcome.value;
        }),
      );
    const delegate = (
      name: unknown,
      query: string,
      options: { context?: string } & Record<string, unknown> = {},
    ) => {
      const { context, ...rest } = options;
      const contexts =
        context === undefined ? {} : { contexts: [{ kind: "text", key: "context", text: context }] };
      const index = this.#issued;
      call("delegate", [name, query, { ...rest, ...contexts }]).catch(() => {});
      const handle = { block: this.#id, index };
      return Object.assign(handle, {
        then: (done: (value: unknown) => void, fail: (error: unknown) => void) =>
          wait(handle).then(([value]) => done(value), fail),
      });
    };
    const scope = {
      vars,
      print: (...values: unknown[]) => {
        this.#output += `${values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ")}\n`;
      },
      delegate,
      wait,
      done: (value: unknown) => call("done", [value ?? null]),
      llmQuery: (prompt: string, options = {}) => call("llmQuery", [prompt, options]),
      ...Object.fromEntries(spec.functions.map((name) => [name, (...args: unknown[]) => call(name, args)])),
    };
    new AsyncFunction(...Object.keys(scope), block.code)(...Object.values(scope)).then(
      () => this.#end({ kind: "ended", echo: null, variables: [], reads: [], unawaited: [] }),
      (error) =>
        this.#end({
          kind: "threw",
          error: { name: error.name, message: error.message },
          text: String(error),
          syntax: false,
          variables: [],
          reads: [],
          unawaited: [],
        }),
    );
  }

  settle({ index, outcome }: Answer): void {
    const open = this.#open.get(index);
    this.#open.delete(index);
    if (outcome.ok) open?.resolve(outcome.value);
    else open?.reject(Object.assign(new Error(outcome.error.message), { name: outcome.error.name }));
  }

  activation(): Activation {
    const activation = { calls: this.#calls, output: this.#output, codeMs: 1, state: this.#state };
    this.#calls = [];
    this.#output = "";
    return activation;
  }

  #end(state: Activation["state"]): void {
    this.#state = state;
  }

  #call(name: string, args: readonly unknown[]): Promise<unknown> {
    const open = Promise.withResolvers<unknown>();
    open.promise.catch(() => {});
    this.#open.set(this.#issued, open);
    this.#calls.push({ index: this.#issued, name, args: JSON.parse(JSON.stringify(args)) });
    this.#issued += 1;
    return open.promise;
  }
}
