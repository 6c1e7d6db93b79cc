import { RLMError } from "../../errors.ts";
import { copyJson } from "../../schema/json-copy.ts";

/** Text, or bytes that are UTF-8; whole or in pieces. */
export type TextSource = string | Uint8Array | ArrayBuffer | AsyncIterable<string | Uint8Array>;

/** True for a value that is read as the text it is. Everything else is data, which is read as JSON. */
export function isTextSource(value: unknown): value is TextSource {
  if (typeof value === "string" || value instanceof Uint8Array || value instanceof ArrayBuffer) return true;
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** The text of a source, for a store. Throws `invalid_options`, at once or from its pieces, when it is not UTF-8 text. */
export function textOfSource(where: string, source: TextSource): string | AsyncIterable<string> {
  if (typeof source === "string") return source;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return new Decoder(where).last(source);
  return pieces(where, source);
}

async function* pieces(
  where: string,
  source: AsyncIterable<unknown>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new Decoder(where);
  for await (const piece of source) {
    if (typeof piece === "string") yield decoder.last() + piece;
    else if (piece instanceof Uint8Array) yield decoder.next(piece);
    else
      throw refusal(where, `is a stream with a piece that is neither text nor bytes: it is ${kindOf(piece)}`);
  }
  yield decoder.last();
}

/** JSON text of plain data. Throws `invalid_options` that says why a value is not accepted and what to pass instead. */
export function textOfData(where: string, value: unknown): string {
  const advice = ADVICE.find(([fits]) => fits(value));
  if (advice !== undefined) throw refusal(where, advice[1]);
  const copied = copyJson(value);
  if (copied.ok) return JSON.stringify(copied.value);
  throw refusal(
    where,
    `is not JSON: it holds ${copied.problem}. Pass text, bytes, a stream of those, or plain data`,
  );
}

const ADVICE: readonly (readonly [(value: unknown) => boolean, string])[] = [
  [(value) => value === undefined, "is undefined: leave it out, or pass a text"],
  [(value) => value === null, "is null: leave it out, or pass a text"],
  [(value) => typeof value === "function", "is a function: call it and pass the result"],
  [(value) => value instanceof Promise, "is a promise: await it first"],
  [
    (value) => value instanceof URL,
    "is a URL: pass its content, for example the body of a fetch or a createReadStream",
  ],
  [
    (value) => value instanceof Map,
    "is a Map: pass Object.fromEntries(map) for several contexts, or [...map] for a list",
  ],
  [(value) => value instanceof Set, "is a Set: pass [...set]"],
  [(value) => value instanceof Blob, "is a Blob: pass await blob.text() or blob.stream()"],
  [(value) => value instanceof Response, "is a Response: pass response.body, or await response.text()"],
  [
    (value) => ArrayBuffer.isView(value),
    "is an array of numbers: pass [...array] for a list, or a Uint8Array of UTF-8 text",
  ],
];

/** Decodes UTF-8 that comes in pieces. */
class Decoder {
  readonly #where: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(where: string) {
    this.#where = where;
  }

  next(bytes: Uint8Array): string {
    return this.#decode(bytes, true);
  }

  /** Decodes the end. Throws when it is half a character. */
  last(bytes?: Uint8Array | ArrayBuffer): string {
    return this.#decode(bytes, false);
  }

  #decode(bytes: Uint8Array | ArrayBuffer | undefined, stream: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch (cause) {
      throw refusal(
        this.#where,
        "is not UTF-8 text: convert it, or pass text that was extracted from it",
        cause,
      );
    }
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function refusal(where: string, what: string, cause?: unknown): RLMError {
  return new RLMError("invalid_options", `${where} ${what}.`, { cause });
}
