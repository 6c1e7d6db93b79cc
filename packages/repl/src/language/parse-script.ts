import { type Program, Parser as ScriptReader } from "acorn";

/** Why a text is no script: what is wrong and where, in UTF-16 units from the start. */
export interface ParseFailure {
  readonly message: string;
  readonly at: number;
  /** A limit was hit, so that reading the text in another way is not worth a try. */
  readonly limit: boolean;
}

/** A syntax tree, or why there is none. */
export type ParseResult =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly failure: ParseFailure };

// The parts of acorn's parser that the bounds below hook into. They are what its plugins are written against.
declare module "acorn" {
  interface Parser {
    readonly start: number;
    readonly pos: number;
    readonly scopeStack: { lexical: string[]; var: string[]; functions: string[] }[];
    raise(at: number, message: string): never;
    enterScope(...parameters: unknown[]): void;
    readNumber(...parameters: unknown[]): unknown;
    parseStatement(...parameters: unknown[]): unknown;
    parseMaybeAssign(...parameters: unknown[]): unknown;
    parseMaybeUnary(...parameters: unknown[]): unknown;
    parseExprAtom(...parameters: unknown[]): unknown;
    parseExprOp(...parameters: unknown[]): unknown;
    parseBindingAtom(...parameters: unknown[]): unknown;
    validateRegExpPattern(state: { readonly source: string }): void;
    regexp_disjunction(...parameters: unknown[]): unknown;
    regexp_classSetExpression(...parameters: unknown[]): unknown;
  }
}

/**
 * Weighed so that the budget is used up at about 165 nested brackets, 78 nested callbacks, 500 `else if` or
 * 750 operators in a row. That is at most two thirds of a default stack while the parser is not compiled yet
 * and its frames are largest, so that the answer never depends on how much of it the parser was given.
 */
const NESTING_BUDGET = 1_500;
const OPERATOR_COST = 2;
const LEVEL_COST = 3;

/** Alternatives that share a group name are compared with each other. */
const LONGEST_REGULAR_EXPRESSION = 20_000;

/** The value of a literal such as `1n` takes more than linear time. */
const LONGEST_NUMBER = 10_000;
const LONG_NUMBER = new RegExp(`[\\d_]{${LONGEST_NUMBER}}`, "y");

const TOO_DEEP = "The code is nested too deeply";
const ACORN_STACK_IS_USED_UP = "Not enough stack space to parse input";
const TOO_LONG = "A regular expression is too long";
const TOO_MANY_DIGITS = "A number has too many digits";
const LIMITS: ReadonlySet<string> = new Set([TOO_DEEP, TOO_LONG, TOO_MANY_DIGITS]);

/** Names in the order of their declaration, found in constant time: acorn asks once for each declaration. */
class NameList extends Array<string> {
  readonly #known = new Set<string>();

  override push(...names: string[]): number {
    for (const name of names) this.#known.add(name);
    return super.push(...names);
  }

  override indexOf(name: string): number {
    return this.#known.has(name) ? 0 : -1;
  }
}

/** acorn with bounded depth, linear name checks, and `using` allowed at the top, as in a function body. */
class BoundedParser extends ScriptReader {
  #depth = 0;

  #within<Result>(cost: number, parse: () => Result): Result {
    this.#depth += cost;
    if (this.#depth > NESTING_BUDGET) this.raise(this.start, TOO_DEEP);
    const result = parse();
    this.#depth -= cost;
    return result;
  }

  override enterScope(...parameters: unknown[]): void {
    super.enterScope(...parameters);
    const scope = this.scopeStack.at(-1);
    if (scope === undefined) return;
    scope.lexical = new NameList();
    scope.var = new NameList();
    scope.functions = new NameList();
  }

  override parseStatement(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.parseStatement(...parameters));
  }

  override parseMaybeAssign(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.parseMaybeAssign(...parameters));
  }

  override parseMaybeUnary(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.parseMaybeUnary(...parameters));
  }

  override parseExprAtom(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.parseExprAtom(...parameters));
  }

  override parseExprOp(...parameters: unknown[]): unknown {
    return this.#within(OPERATOR_COST, () => super.parseExprOp(...parameters));
  }

  override parseBindingAtom(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.parseBindingAtom(...parameters));
  }

  override readNumber(...parameters: unknown[]): unknown {
    LONG_NUMBER.lastIndex = this.pos;
    if (LONG_NUMBER.test(this.input)) this.raise(this.pos, TOO_MANY_DIGITS);
    return super.readNumber(...parameters);
  }

  override validateRegExpPattern(state: { readonly source: string }): void {
    if (state.source.length > LONGEST_REGULAR_EXPRESSION) this.raise(this.start, TOO_LONG);
    super.validateRegExpPattern(state);
  }

  override regexp_disjunction(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.regexp_disjunction(...parameters));
  }

  override regexp_classSetExpression(...parameters: unknown[]): unknown {
    return this.#within(LEVEL_COST, () => super.regexp_classSetExpression(...parameters));
  }
}

const allowUsing = Object.getOwnPropertyDescriptor(ScriptReader.prototype, "allowUsing");
Object.defineProperty(BoundedParser.prototype, "allowUsing", {
  get(this: BoundedParser): boolean {
    return this.scopeStack.length === 1 || allowUsing?.get?.call(this) === true;
  },
});

/** Reads a text as a script that may use `await` at the top. Never throws; linear; equal answers for equal texts. */
export function parseScript(code: string): ParseResult {
  try {
    const program = BoundedParser.parse(code, {
      ecmaVersion: "latest",
      sourceType: "script",
      allowAwaitOutsideFunction: true,
    });
    return { ok: true, program };
  } catch (error) {
    return { ok: false, failure: failureOf(error, code) };
  }
}

function failureOf(error: unknown, code: string): ParseFailure {
  if (!(error instanceof SyntaxError)) return { message: TOO_DEEP, at: 0, limit: true };
  const complaint = error.message.replace(/ \(\d+:\d+\)$/, "");
  const message = complaint === ACORN_STACK_IS_USED_UP ? TOO_DEEP : complaint;
  const at = "pos" in error && typeof error.pos === "number" ? Math.min(error.pos, code.length) : code.length;
  return { message, at, limit: LIMITS.has(message) };
}
