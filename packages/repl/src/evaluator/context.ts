// CONTEXT: the payloads of an agent, read in ranges.
import { grep } from "./grep.ts";
import { LineIndex } from "./line-index.ts";
import { registerNative } from "./native-values.ts";
import { Payload, toPosition } from "./payload.ts";
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
  smaller,
  TypeErrorConstructor,
} from "./primordials.ts";
import type { Slices } from "./slice.ts";
import type { PayloadSpec, ReadContext } from "./spec.ts";
import { splitLines } from "./split-lines.ts";
import { installTextHints } from "./text-hints.ts";

const MAX_CHUNKS = 100_000;
const DEFAULT_HITS = 100;
const MAX_HITS = 1_000;

interface Entry {
  readonly payload: Payload;
  readonly lines: LineIndex;
  readonly view: object;
}

/** The payloads of one REPL and the objects through which guests read them. */
export class Contexts {
  readonly #slices: Slices;
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
      registerNative(global, { label, advice: "CONTEXT as a whole; use CONTEXT.get(key)" });
    } else {
      const { payload } = single;
      this.#slices.adopt(global, { payload, start: 0, end: payload.characters }, labelOf(payload));
    }
    return global;
  }

  /** A new block begins: what is read counts from here. */
  forgetReads(): void {
    for (let i = 0; i < this.#entries.length; i += 1) this.#entries[i]?.payload.reads.clear();
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
    throw new TypeErrorConstructor(`CONTEXT has no such key; ${this.#named()}`);
  }

  #only(): Entry {
    const first = this.#entries[0];
    if (first !== undefined && this.#entries.length === 1) return first;
    if (first === undefined) throw new TypeErrorConstructor("this agent was given no context");
    throw new TypeErrorConstructor(`CONTEXT holds several payloads: use CONTEXT.get(key); ${this.#named()}`);
  }

  #named(): string {
    const names = bareList<string>();
    for (let i = 0; i < this.#entries.length; i += 1)
      append(names, quote(this.#entries[i]?.payload.key ?? ""));
    return names.length === 0 ? "there is none" : `the keys are ${joinList(names, ", ")}`;
  }

  #view(find: () => Entry, name: string, extend?: (methods: object) => void): object {
    const view = contextMethods(find, this.#slices);
    installTextHints(view, (instead) => {
      find();
      return `${name} is not a string: use ${name}.${instead}`;
    });
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

function contextMethods(find: () => Entry, slices: Slices): object {
  return {
    info(): object {
      return infoOf(find().payload);
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
      return splitLines(payload.read(from, to));
    },
    grep(pattern: unknown, max?: unknown): object[] {
      const limit = toPosition(max, DEFAULT_HITS, MAX_HITS, "max");
      return grep(find().payload, pattern, limit);
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
