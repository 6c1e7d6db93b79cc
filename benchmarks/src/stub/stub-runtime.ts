import type { JsonValue, Runtime } from "@rlmflow/core";
import type { Activation, Answer, Block, Call, ReplSession } from "@rlmflow/core/driver";
import { javascript } from "@rlmflow/repl";
import type { Command } from "./task.ts";

/**
 * REPLs that do what a command says and nothing else: no parsing, no sandbox, a few microseconds an activation. The
 * prompt is the real one, so that nodes have their real size.
 */
export function stubRuntime(): Runtime {
  return {
    protocol: 1,
    name: "stub",
    language: { ...javascript, engine: "stub", fences: ["repl"], parses: () => null },
    isolation: "none",
    replay: "exact",
    open: async () => new StubSession(),
    close: async () => {},
  };
}

/** The calls of a `fan` of n tasks: delegates 0 to n-1, waits n to 2n-1, then questions, then nothing. */
class StubSession implements ReplSession {
  #command: Command = { do: "done" };
  #block = "";
  #issued = 0;
  #open = 0;

  async start(block: Block): Promise<Activation> {
    this.#command = JSON.parse(block.code);
    this.#block = block.id;
    this.#issued = 0;
    switch (this.#command.do) {
      case "done":
        return activation([this.#call("done", ["ok"])]);
      case "print":
        return activation([], { output: this.#command.text, ended: true });
      case "fan":
        return this.#fan(this.#command.tasks.map((task) => JSON.stringify(task)));
    }
  }

  async deliver({ index, outcome }: Answer): Promise<Activation> {
    if (this.#command.do !== "fan" || !outcome.ok)
      throw new TypeError(`The stub was not to be given ${JSON.stringify(outcome)}.`);
    const { tasks, ask } = this.#command;
    if (index < tasks.length) return activation([]);
    if (ask && index < 2 * tasks.length)
      return activation([this.#call("llmQuery", [String(index - tasks.length), {}])]);
    this.#open -= 1;
    return activation([], { ended: this.#open === 0 });
  }

  async dispose(): Promise<void> {}

  #fan(queries: readonly string[]): Activation {
    this.#open = queries.length;
    const delegates = queries.map((query) => this.#call("delegate", ["c", query, {}]));
    const waits = delegates.map(({ index }) => this.#call("wait", [{ block: this.#block, index }]));
    return activation([...delegates, ...waits]);
  }

  #call(name: string, args: readonly JsonValue[]): Call {
    const index = this.#issued;
    this.#issued += 1;
    return { index, name, args };
  }
}

function activation(calls: readonly Call[], { output = "", ended = false } = {}): Activation {
  const nothing = { echo: null, variables: [], reads: [], unawaited: [] };
  return { calls, output, codeMs: 0, state: ended ? { kind: "ended", ...nothing } : { kind: "idle" } };
}
