import type { JsonSchema, JsonValue } from "../../data/json.ts";
import { canonicalKey, type Spend } from "./canonical-key.ts";

/** Where a value stands in the judged value: a chain of keys, `null` for the value itself. */
export type Place = { readonly parent: Place; readonly key: string | number } | null;

/** One keyword of a schema, ready to judge a value. Says what is wrong through `evaluation.fail`. */
export type Rule = (value: JsonValue, place: Place, evaluation: Evaluation) => boolean;

/** A compiled schema: all of its rules must hold. */
export interface SchemaNode {
  readonly source: JsonSchema;
  /** JSON pointer from the root, for messages to the schema's author. */
  readonly pointer: string;
  readonly rules: readonly Rule[];
}

/** One thing that is wrong with a value. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const MAX_STEPS = 2_000_000;
const MAX_DEPTH = 1_000;
const MAX_ISSUES = 11;

/**
 * Owns the work of judging one value by one schema: what may still be spent, what was found wrong.
 * Does not own the schema, nor what a keyword means.
 *
 * 1. Each schema that is visited, property that is read and piece of text that is compared is a step. When the steps are
 *    spent, or the stack is too deep, the evaluation is `exhausted`: every further check fails at once, and the answer
 *    is neither yes nor no. So a hostile schema costs no more than a hostile value.
 * 2. While `quiet` is not zero no issue is kept, and the first failure ends a check: alternatives are tried this way.
 * 3. At most {@link MAX_ISSUES} issues are kept.
 */
export class Evaluation {
  readonly issues: Issue[] = [];
  exhausted = false;
  #steps = MAX_STEPS;
  readonly #spend: Spend = (steps) => this.spend(steps);
  #depth = 0;
  #quiet = 0;

  /** True when every rule of the schema holds for the value. */
  check(node: SchemaNode, value: JsonValue, place: Place): boolean {
    if (this.#depth >= MAX_DEPTH) this.exhausted = true;
    if (!this.spend(1)) return false;
    this.#depth += 1;
    let holds = true;
    for (const rule of node.rules) {
      if (rule(value, place, this)) continue;
      holds = false;
      if (this.saturated) break;
    }
    this.#depth -= 1;
    return holds;
  }

  /** Like {@link check}, without reporting. */
  fits(node: SchemaNode, value: JsonValue, place: Place): boolean {
    this.#quiet += 1;
    const fits = this.check(node, value, place);
    this.#quiet -= 1;
    return fits;
  }

  /** True when looking further can add nothing. */
  get saturated(): boolean {
    return this.#quiet > 0 || this.exhausted || this.issues.length >= MAX_ISSUES;
  }

  /** Notes what is wrong, unless nobody wants to know. Always false. */
  fail(place: Place, message: () => string): false {
    if (!this.saturated) this.issues.push({ path: pathOf(place), message: message() });
    return false;
  }

  /** Counts work; false when there was too much of it. */
  spend(steps: number): boolean {
    this.#steps -= steps;
    if (this.#steps < 0) this.exhausted = true;
    return !this.exhausted;
  }

  /** A text that is equal for equal values only. */
  key(value: JsonValue): string {
    const key = canonicalKey(value, this.#spend);
    this.spend(key.length >> 4);
    return key;
  }
}

function pathOf(place: Place): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) path.push(at.key);
  return path.reverse();
}
