import { randomNumbers } from "../../../repl/test/language/program-generator.ts";
import { STATEMENTS, type Statement } from "./statements.ts";

/** What one agent's model replies, turn by turn: the code of its blocks. Whoever asks further gets {@link LAST_BLOCK}. */
export type AgentProgram = readonly string[];

/** Ends an agent whose own blocks did not. */
export const LAST_BLOCK = "await done({ answer: -1, over: true });";

/** How a random program is written. */
export interface ProgramOptions {
  readonly seed: number;
  /** True for a program whose answer depends neither on the order of answers nor on the time. */
  readonly calm: boolean;
}

/** A number that depends on the text alone. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * The program of one agent. It follows from the seed and the agent's id alone, so that it is the same in whatever
 * order agents are born. A child's program holds what further queries run, too.
 */
export function agentProgram({ seed, calm }: ProgramOptions, agentId: string): AgentProgram {
  const random = randomNumbers(hashOf(`${seed} ${agentId}`));
  const depth = agentId.split(".").length - 1;
  const writer = new AgentWriter(random, depth, calm);
  const tasks = depth === 0 ? 1 : 2;
  return Array.from({ length: tasks }, () => writer.task()).flat();
}

/** Writes the blocks of one agent; knows which names there are by now. */
export class AgentWriter {
  readonly depth: number;
  readonly calm: boolean;
  readonly #random: () => number;
  #made = 0;
  /** Names that hold numbers, lists, functions of a number that answer with a promise, handles. */
  readonly numbers: string[] = [];
  readonly lists: string[] = [];
  readonly functions: string[] = [];
  readonly handles: string[] = [];

  constructor(random: () => number, depth: number, calm: boolean) {
    this.#random = random;
    this.depth = depth;
    this.calm = calm;
  }

  /** The blocks of one task: the last one answers. */
  task(): readonly string[] {
    const count = this.depth === 0 ? 2 + this.below(4) : this.below(3);
    const blocks = Array.from({ length: count }, () => this.#block());
    const value = this.numbers.length > 0 ? `[${this.numbers.join(", ")}]` : "[]";
    const behind =
      this.calm || !this.chance(0.3) ? "" : "const late = get(901); get(902).then((v) => print(v));\n";
    return [...blocks, `${this.#block()}\n${behind}await done({ answer: ${value}.map(Number).join() });`];
  }

  #block(): string {
    const lines = Array.from({ length: 1 + this.below(4) }, () => this.statement());
    if (this.chance(0.1)) lines.push(`throw new RangeError("block " + ${this.number()});`);
    if (this.chance(0.3)) lines.push(this.number());
    return lines.join("\n");
  }

  statement(): string {
    const childless = this.depth >= 2;
    const fitting = STATEMENTS.filter(
      ({ order, needs }) =>
        (!this.calm || order === "fixed" || (order === "childless" && childless)) &&
        (!childless || needs !== "children"),
    );
    return this.pick<Statement>(fitting).write(this);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** A name that no block has used. */
  fresh(prefix: string): string {
    this.#made += 1;
    return `${prefix}${this.#made}`;
  }

  /** A new top-level name of a kind. */
  declare(prefix: string, kind: string[]): string {
    const name = this.fresh(prefix);
    kind.push(name);
    return name;
  }

  number(): string {
    return this.numbers.length > 0 && this.chance(0.6) ? this.pick(this.numbers) : String(this.below(60));
  }

  /** A call of the host that gives a number, or now and then throws. */
  call(): string {
    const forms = [
      () => `get(${this.below(60)})`,
      () => `get(${this.number()} % 50 | 0)`,
      () => `llmQuery("ask " + ${this.number()}).then((text) => text.length)`,
      ...(this.functions.length > 0 ? [() => `${this.pick(this.functions)}(${this.number()})`] : []),
    ];
    return this.pick(forms)();
  }

  /** The beginning of a child: a handle. */
  delegation(): string {
    const options = this.pick([
      "",
      ", { maxIterations: 3 }",
      ', { output: { type: "object" } }',
      ", { context: CONTEXT.slice(10, 60) }",
      ', { globals: { given: [1, "two"] } }',
      ", { context: { a: 'one two', b: CONTEXT.slice(0, 20) } }",
    ]);
    return `delegate("${this.pick(["part", "scan", "fails"])}", "Task " + ${this.number()}${options})`;
  }

  /** A child that there is, else a new one. */
  handle(): string {
    return this.handles.length > 0 && this.chance(0.7) ? this.pick(this.handles) : this.delegation();
  }
}
