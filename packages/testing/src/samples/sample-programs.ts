import type { ErrorData, JsonValue } from "@rlmflow/core";

/** A block of code. */
export type Program = string;

/** What blocks do: names, output, errors, ends. */
export interface BlockSamples {
  /** Declares names of every kind from a number; `show` writes a JSON list of them, which `expected` tells. */
  readonly declare: {
    with(n: number): Program;
    readonly show: Program;
    expected(n: number): JsonValue;
  };
  /** A counter at the top level and a function `add` that counts it up. */
  readonly counter: {
    readonly define: Program;
    /** Calls `add`, then sets the counter to 10. */
    readonly addAndSet: Program;
    /** Writes what `add` gives. */
    readonly add: Program;
    /** Declares the counter again, as 100. */
    readonly again: Program;
  };
  /** Calls `echo` in functions and at the top level; writes `a!`, `b!` and 2 when it is given what it sent. */
  readonly awaits: Program;
  /** Full of types; writes 2. */
  readonly types: Program;
  /** Last expressions and what is shown of them. */
  readonly echoes: readonly (readonly [code: Program, echo: string | null])[];
  /** A last expression that holds 1, a `key` and `some text`. */
  readonly echoOfList: Program;
  /** A last expression that is the answer of `echo(1)`. */
  readonly echoOfCall: Program;
  /** Writes lines, then an object that holds a `key` and 1. */
  readonly prints: { readonly code: Program; readonly lines: readonly string[] };
  /**
   * Beside a task that writes `beside` and calls `echo`, the main code writes `main`, waits for `echo(0)` and
   * writes `end`; in front of each stand 1,000 waits for nothing.
   */
  readonly quiescence: Program;
  /** Throws this error from a function whose call stands in a line of its own. */
  readonly throwsFar: { readonly code: Program; readonly error: ErrorData; readonly line: string };
  /** Throws a value with the word `odd` in it. */
  readonly throwsOdd: Program;
  /** Uses a name that does not exist. */
  readonly missing: { readonly code: Program; readonly name: string };
  /** Sets `step` to the answer of an `echo` and `list` to a list of it, then throws the error of this name. */
  readonly halfWay: { readonly code: Program; readonly name: string };
  /** Writes a JSON list of `step` and `list`. */
  readonly showHalfWay: Program;
  /** Sets a `text` of 1,000 characters, a `list` of 3 and an empty `map`; then `other`, and 4 to the list. */
  readonly variables: { readonly first: Program; readonly second: Program };
  /** Sets `one` and a function `two`; then writes the sorted names of VARIABLES() as JSON. */
  readonly lists: { readonly set: Program; readonly show: Program };
  /** Writes a JSON list: agent, depth, greatest depth, `given`, the global `not a name`, whether `echo` exists. */
  readonly facts: Program;
  /** Writes as JSON whether `only(1)` gives something that can be awaited. */
  readonly awaitable: Program;
  /** Sets every reserved name to something else; what is shown of its last expression holds `seen`. */
  readonly shadows: { readonly code: Program; readonly seen: string };
  /** Writes a JSON list: whether the functions are functions, and CONTEXT is there; depth, agent. */
  readonly restored: Program;
  /** Calls 0 to 4, of which nobody uses 1 and 3; the last is awaited. */
  readonly unawaited: Program;
  /** An error that nobody handles and a call of `echo` that nobody waits for; writes `end`. */
  readonly strays: Program;
  /** Code of other languages, and words that the language says of it. */
  readonly others: readonly (readonly [code: Program, says: string])[];
  /** Sets `reached` to 1, waits for nothing, sets it to 2. */
  readonly deadlock: Program;
}

/** What crosses the boundary. */
export interface ValueSamples {
  /** Reads this JSON text, sends it to `echo` alone and in a list, writes as JSON whether the same comes back. */
  exact(json: string): Program;
  /** Sends minus zero, alone and in a list, and writes as JSON whether the answer is 0. */
  readonly minusZero: Program;
  /** Writes the text, sends it as a value and as a key; then writes the answer with `?` for each half pair. */
  halfPairs(text: string): Program;
  /** Sends this often the two characters `x\u{1F680}`; writes as JSON whether it comes back twice. */
  long(times: number): Program;
  /** Reads this JSON text, sends it to `echo`, writes as JSON whether the same comes back. */
  deep(json: string): Program;
  /** Hands what is no JSON to functions of the host, which make no call; writes a line for each. */
  readonly nonJson: { readonly code: Program; readonly verdicts: readonly string[] };
  /**
   * Waits for `echo(1)`, which is refused. Writes a JSON list of the error: whether it is one, name, message,
   * name and message of its cause; then a line with all else that is to be seen of it.
   */
  readonly caught: Program;
  /** Waits for `echo(0)` and `echo(1)`, writes which failed; then writes the message of `echo(2)`. */
  readonly settled: { readonly code: Program; readonly lines: readonly [string, string] };
}

/** Delegation, and the calls every REPL can make. */
export interface HandleSamples {
  /** Delegates `Count.` to `scan`, writes `at once`, waits and writes the result. */
  readonly delegate: Program;
  /** Delegates to `left`; its handle is the last expression. */
  readonly left: Program;
  /** Four delegations to a, b, c and d with options, the first two lines of the protocol's own. */
  readonly options: Program;
  /** Delegates to a, b and c, waits for c, a, b together, writes the results with commas. */
  readonly waitsForSeveral: Program;
  /** Delegates to a and b and keeps the handles. */
  readonly keeps: Program;
  /** Awaits a twice, writes it; waits for both, writes the results with commas. */
  readonly later: Program;
  /** Delegates to a, which is refused; writes `true`, name and message of the error. */
  readonly refused: Program;
  /** Delegates to `good` and `bad`, awaits one after the other. */
  readonly failed: Program;
  /** Waits for a, b (which fails) and c in every way; writes four lines. */
  readonly combined: Program;
  /** Two tasks beside each other: x and y, and a query with the result of each. */
  readonly noBarrier: Program;
  /** Delegates to a and awaits it. */
  readonly first: Program;
  /** Gives `Once more.` to the handle of a. */
  readonly again: Program;
  /** Delegates to a; then waits for six things that are no handles, and writes a line for each. */
  forged(block: string): Program;
  /** The name of the error that each of the six gives. */
  readonly forgedError: string;
  /** Calls done, catches the refusal and writes its name and message; calls it again, and never gets behind it. */
  readonly done: Program;
  /** One query with a model, its answer written; then three with a schema, and a line on their answers. */
  readonly queries: { readonly code: Program; readonly line: string };
}

/** CONTEXT. */
export interface ContextSamples {
  /** Writes CONTEXT.info() as JSON. */
  readonly info: Program;
  /** Writes a JSON list: all; 6 to 10; the last 4; 40 to far beyond the end; nothing at 5. */
  readonly ranges: Program;
  readonly lineCount: Program;
  /** Writes a JSON list: all lines; from 1 to 3; the last. */
  readonly lines: Program;
  /** Each writes hits as JSON: of the text `needle`, of N[e]+DLE in any case, of `absent`, the first of line$. */
  readonly grep: {
    readonly text: Program;
    readonly expression: Program;
    readonly absent: Program;
    readonly first: Program;
  };
  /** Writes of the chunks of 4 and the slice from 3 to 7: key, start, end, length, text, text as a string. */
  readonly slices: Program;
  /** Hands the slices from 1 to 3 and from 2 to 4 to a tool and a query. */
  readonly slicesToCalls: Program;
  /**
   * Writes a JSON list: whether no half pair is in any text; what is from 0 to 3; from 3 to 5; chunks of 5 joined.
   */
  readonly pairs: Program;
  /** Writes as JSON what is from 500,000 to 500,010. */
  readonly range: Program;
  /** Reads all into `whole`, writes how many UTF-16 units it has, sends it to `echo`. */
  readonly whole: Program;
  /** Writes a JSON list: number of lines; whether chunks of 65,536 make up the whole. */
  readonly pieces: Program;
  /** Writes a JSON list of the keys, the text of `one`, the lines of `__proto__`, and the key in one's info. */
  readonly several: Program;
  /** Each of them fails where there are several payloads, naming the keys. */
  readonly ambiguous: readonly Program[];
  /** Writes all as JSON. */
  readonly all: Program;
  /** Reads from 0 to 1. */
  readonly some: Program;
  /** Writes the keys as JSON. */
  readonly keys: Program;
  /** Reads all, and writes `true` and what is to be seen of the error. */
  readonly unreadable: Program;
  /** Reads from payload `one` 2 to 4, 3 to 6, 8 to 9; takes a slice without reading it. */
  readonly reads: Program;
  /** Reads 0 to 1 of payload `two`, then throws. */
  readonly readsAndThrows: Program;
  /** Reads nothing. */
  readonly readsNothing: Program;
}

/** What makes a REPL the same whenever it is built. */
export interface RepeatSamples {
  /** Writes a JSON list of what each of the language's clocks says, in epoch milliseconds. */
  readonly clocks: Program;
  /** How many that are. */
  readonly clockCount: number;
  /** Computes for some milliseconds. */
  readonly busy: Program;
  /** Writes a JSON list of five numbers of chance. */
  readonly draw: Program;
  /** Blocks that touch all that could differ; one of them does not parse. */
  readonly program: readonly Program[];
  /** Two tasks that wait for `echo(0)` and `echo(1)`, and then write the number and a number of chance. */
  readonly order: Program;
  /** Writes as JSON what the language knows of time zone and locale. */
  readonly place: Program;
  /** Writes a JSON list of the names of all globals. */
  readonly globals: Program;
  /** Adds a global `mine`. */
  readonly addsGlobal: Program;
}

/** Code that does not end by itself. */
export interface LimitSamples {
  readonly loop: Program;
  /** Waits for ever, while tasks make tasks. */
  readonly tasks: Program;
  readonly fillsMemory: Program;
  readonly recursion: Program;
  /** Waits for `echo(1)`, then loops. */
  readonly loopAfterAnswer: Program;
  /** Waits for `echo` of the variable `a`. */
  readonly echoesA: Program;
}

/** What a transport must withstand, and what can be reached from inside. */
export interface TransportSamples {
  /** Waits for `echo(0)`, hands its answer to `echo`, and waits for that. */
  readonly sendsBack: Program;
  /**
   * Writes these lines to every output that code can get at, the process's own included where it can; then writes
   * `end` the usual way.
   */
  forges(lines: readonly string[]): Program;
  /**
   * Writes what code can reach the ordinary way as one line of JSON: {@link Reached}. Given are the name of a
   * variable and the path of a file on the engine's machine.
   */
  reaches(variable: string, file: string): Program;
}

/** What code found of the world around its REPL; `null` where it found nothing. */
export interface Reached {
  /** Id of the process that it runs in. */
  readonly process: number | null;
  /** Value of the variable in its environment, or among its globals. */
  readonly environment: string | null;
  /** Whether it read the file. */
  readonly file: boolean;
  /** Name and version of the engine that runs it; begins with what `language.engine` says. */
  readonly engine: string | null;
}

/** Programs of one language for the checks that go beyond what every language has in common. */
export interface SamplePrograms {
  readonly blocks: BlockSamples;
  readonly values: ValueSamples;
  readonly handles: HandleSamples;
  readonly contexts: ContextSamples;
  readonly repeats: RepeatSamples;
  readonly limits: LimitSamples;
  readonly transports: TransportSamples;
}
