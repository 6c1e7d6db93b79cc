// CONTEXT: the payloads of an agent, read in ranges.

import type { PayloadSpec, ReadContext } from "../../wire/evaluator-spec.ts";
import { missingNames } from "../realm/missing-names.ts";
import { registerNative } from "../realm/native-values.ts";
import {
  append,
  bare,
  bareList,
  defineValue,
  handOver,
  joinList,
  larger,
  MapConstructor,
  mapGet,
  mapSet,
  objectFreeze,
  quote,
  reflectDefineProperty,
  reflectSetPrototypeOf,
  regExpExec,
  smaller,
  stringSlice,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import { grep } from "./grep.ts";
import { GrepNotes } from "./grep-notes.ts";
import { LineIndex } from "./line-index.ts";
import { Payload, toPosition } from "./payload.ts";
import type { Slices } from "./slice.ts";
import { splitLines } from "./split-lines.ts";
import { installTextHints, type TextHints } from "./text-hints.ts";

const MAX_CHUNKS = 100_000;
const DEFAULT_HITS = 100;
const MAX_HITS = 1_000;
/** Keys that an error names, and characters of each. */
const SHOWN_KEYS = 20;
const SHOWN_KEY = 80;
const INDEX = /^-?\d+$/;
const METHODS =
  "length, info(), text(), read(start, end), lines(start, end), lineCount(), grep(pattern, max), slice(start, end), chunks(size), keys() and get(key)";

interface Entry {
  readonly payload: Payload;
  readonly lines: LineIndex;
  readonly view: object;
}

/** The payloads of one REPL and the objects through which guests read them. */
export class Contexts {
  readonly #slices: Slices;
  readonly #notes = new GrepNotes();
  readonly #entries: Entry[] = bareList();
  readonly #byKey = new MapConstructor<string, Entry>();

  constructor(specs: readonly PayloadSpec[], readContext: ReadContext, slices: Slices) {
    this.#slices = slices;
    for (let i = 0; i < specs.length; i += 1) {
      const spec = specs[i];
      if (spec === undefined) continue;
      const payload = new Payload(spec, readContext);
      const lines = new LineIndex(payload);
      const view = this.#view(() => entry, `CONTEXT.get(${quote(spec.key)})`);
      const entry: Entry = { payload, lines, view };
      slices.adopt(view, { payload, start: 0, end: payload.characters }, labelOf(payload));
      append(this.#entries, entry);
      mapSet(this.#byKey, spec.key, entry);
    }
  }

  /** The object that stands as CONTEXT. */
  global(): object {
    const single = this.#entries.length === 1 ? this.#entries[0] : undefined;
    const global = this.#view(
      () => this.#only(),
      "CONTEXT",
      (methods) => {
        if (single === undefined) defineValue(methods, "info", () => this.#infos());
        defineValue(methods, "keys", () => this.#keys());
        defineValue(methods, "get", (key: unknown) => this.#get(key));
      },
    );
    if (single === undefined) {
      const label = `CONTEXT (${this.#named()})`;
      registerNative(global, { label, advice: this.#wholeAdvice() });
    } else {
      const { payload } = single;
      this.#slices.adopt(global, { payload, start: 0, end: payload.characters }, labelOf(payload));
    }
    return global;
  }

  /** A new block begins: what is read counts from here. */
  forgetReads(): void {
    this.#notes.clear();
    for (let i = 0; i < this.#entries.length; i += 1) {
      const payload = this.#entries[i]?.payload;
      if (payload === undefined) continue;
      payload.reads.clear();
      payload.markRead = false;
    }
  }

  /** What the model should know of how the block read, once. `isSilent`: the block has shown nothing at all. */
  takeNotes(isSilent: boolean): readonly string[] {
    const notes = bareList<string>();
    const searches = this.#notes.take(isSilent);
    for (let i = 0; i < searches.length; i += 1) append(notes, searches[i] ?? "");
    for (let i = 0; i < this.#entries.length; i += 1) {
      const payload = this.#entries[i]?.payload;
      if (payload?.markRead !== true) continue;
      payload.markRead = false;
      append(
        notes,
        `the text of ${quote(payload.key)} begins with a byte order mark, U+FEFF: read it from position 1`,
      );
      break;
    }
    return notes;
  }

  /** What was read, as JSON. */
  readsJson(): string {
    let text = "";
    for (let i = 0; i < this.#entries.length; i += 1) {
      const payload = this.#entries[i]?.payload;
      payload?.reads.each((start, end) => {
        text += `${text === "" ? "" : ","}{"key":${quote(payload.key)},"start":${start},"end":${end}}`;
      });
    }
    return `[${text}]`;
  }

  #keys(): string[] {
    const keys = bareList<string>();
    for (let i = 0; i < this.#entries.length; i += 1) append(keys, this.#entries[i]?.payload.key ?? "");
    return handOver(keys);
  }

  #infos(): object[] {
    const infos = bareList<object>();
    for (let i = 0; i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry !== undefined) append(infos, infoOf(entry.payload));
    }
    return handOver(infos);
  }

  #get(key: unknown): object {
    const entry = typeof key === "string" ? mapGet(this.#byKey, key) : undefined;
    if (entry !== undefined) return entry.view;
    const given = typeof key === "string" ? ` ${quote(stringSlice(key, 0, SHOWN_KEY))}` : "";
    throw new TypeErrorConstructor(
      `CONTEXT.get: there is no key${given}; ${this.#named()}${this.#example()}`,
    );
  }

  /** A call that gives a payload. */
  #example(): string {
    const first = this.#entries[0];
    return first === undefined
      ? ""
      : `; write CONTEXT.get(${quote(stringSlice(first.payload.key, 0, SHOWN_KEY))})`;
  }

  #wholeAdvice(): string {
    if (this.#entries.length === 0) return "CONTEXT, and this agent was given none";
    return `CONTEXT as a whole; ${this.#named()}${this.#example()}`;
  }

  #only(): Entry {
    const first = this.#entries[0];
    if (first !== undefined && this.#entries.length === 1) return first;
    if (first === undefined) throw new TypeErrorConstructor("this agent was given no context");
    const key = quote(stringSlice(first.payload.key, 0, SHOWN_KEY));
    throw new TypeErrorConstructor(
      `CONTEXT holds several payloads: use CONTEXT.get(${key}); ${this.#named()}`,
    );
  }

  #named(): string {
    const count = this.#entries.length;
    const names = bareList<string>();
    for (let i = 0; i < count && i < SHOWN_KEYS; i += 1) {
      append(names, quote(stringSlice(this.#entries[i]?.payload.key ?? "", 0, SHOWN_KEY)));
    }
    if (count === 0) return "there is none";
    const more = count > SHOWN_KEYS ? ` and ${count - SHOWN_KEYS} more, see CONTEXT.keys()` : "";
    return `${count === 1 ? "the key is" : "the keys are"} ${joinList(names, ", ")}${more}`;
  }

  /** Handles a name that is not a method: on CONTEXT it may be the key of a payload, anything else throws. */
  #missing(name: string, view: string): unknown {
    // `await` looks for `then` on every value.
    if (name === "then") return undefined;
    const entry = view === "CONTEXT" ? mapGet(this.#byKey, name) : undefined;
    if (entry !== undefined) return entry.view;
    if (this.#entries.length === 0) throw new TypeErrorConstructor("this agent was given no context");
    if (regExpExec(INDEX, name) !== null) {
      throw new TypeErrorConstructor(
        `${view} is not a string or a list: ${view}.text().at(${name}) is a character, ${view}.lines().at(${name}) a line, ${view}.read(0, 1000) the beginning; ${this.#named()}`,
      );
    }
    throw new TypeErrorConstructor(
      `${view} has no ${stringSlice(name, 0, SHOWN_KEY)}; it has ${METHODS}; ${this.#named()}`,
    );
  }

  #view(find: () => Entry, name: string, extend?: (methods: object) => void): object {
    const view = contextMethods(find, this.#slices, this.#notes);
    reflectSetPrototypeOf(
      view,
      missingNames((key) => this.#missing(key, name)),
    );
    const explain: TextHints["explain"] = (_, kind, instead) => {
      const { characters } = find().payload;
      return `${name} is not a ${kind}: write ${name}.${instead} (it has ${characters} characters)`;
    };
    installTextHints(view, { explain, lines: "lines()" });
    const length = (): number => find().payload.characters;
    reflectDefineProperty(view, "length", bare({ get: length, enumerable: false, configurable: false }));
    extend?.(view);
    return objectFreeze(view);
  }
}

function labelOf(payload: Payload): string {
  return `CONTEXT (${payload.characters} characters, key ${quote(payload.key)})`;
}

function infoOf({ key, characters, metadata }: Payload): object {
  return metadata === undefined ? { key, characters } : { key, characters, metadata };
}

/** One hit more than wanted is looked for, to know whether there are more. */
function searched(payload: Payload, pattern: unknown, max: number, notes: GrepNotes): object[] {
  const hits = grep(payload, pattern, max + 1);
  const isCut = hits.length > max;
  if (isCut) hits.length = max;
  // A search for one hit only asks whether there is any.
  notes.add({ pattern, max, isCut: isCut && max > 1, hits });
  return hits;
}

function contextMethods(find: () => Entry, slices: Slices, notes: GrepNotes): object {
  return {
    info(): object {
      return infoOf(find().payload);
    },
    text(): string {
      const { payload } = find();
      return payload.read(0, payload.characters);
    },
    toJSON(): string {
      const { payload } = find();
      return payload.read(0, payload.characters);
    },
    read(start?: unknown, end?: unknown): string {
      const { payload } = find();
      return payload.read(
        payload.position(start, 0, "start"),
        payload.position(end, payload.characters, "end"),
      );
    },
    slice(start?: unknown, end?: unknown): object {
      const { payload } = find();
      const from = payload.position(start, 0, "start");
      const to = payload.position(end, payload.characters, "end");
      return slices.make(payload, from, larger(to, from));
    },
    lineCount(): number {
      return find().lines.count();
    },
    lines(start?: unknown, end?: unknown): string[] {
      const { payload, lines } = find();
      const count = lines.count();
      const from = lines.startOf(toPosition(start, 0, count, "start"));
      const to = lines.startOf(toPosition(end, count, count, "end"));
      return splitLines(payload.read(from === 0 ? payload.textStart : from, to));
    },
    grep(pattern: unknown, max?: unknown): object[] {
      const limit = toPosition(max, DEFAULT_HITS, MAX_HITS, "max");
      return searched(find().payload, pattern, limit, notes);
    },
    chunks(size: unknown): object[] {
      return chunksOf(find().payload, size, slices);
    },
  };
}

function chunksOf(payload: Payload, size: unknown, slices: Slices): object[] {
  if (typeof size !== "number" || !(size >= 1)) {
    throw new TypeErrorConstructor("chunks takes the size of a chunk in characters, at least 1");
  }
  const { characters } = payload;
  if (characters / size > MAX_CHUNKS) {
    throw new TypeErrorConstructor(`that would be more than ${MAX_CHUNKS} chunks; take larger ones`);
  }
  const step = size - (size % 1);
  const chunks = bareList<object>();
  for (let start = 0; start < characters; start += step) {
    const end = smaller(start + step, characters);
    append(chunks, slices.make(payload, start, end));
  }
  return handOver(chunks);
}
