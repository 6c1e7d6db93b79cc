import type { JsonObject } from "../../data/json.ts";
import type { ContextRef, QueryNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { PassedContext } from "../../protocols/runtime.ts";
import { copyObject } from "../schema/json-copy.ts";
import type { Journal } from "../store/journal.ts";

/** A context as a user gives it: its text, its pieces, or a payload that the store has already. */
export type ContextInput =
  | string
  | { readonly text: string | AsyncIterable<string>; readonly metadata?: JsonObject }
  | { readonly digest: string; readonly characters: number; readonly metadata?: JsonObject };

/** One payload, which gets the key `context`, or several by key. */
export type ContextsInput = ContextInput | Readonly<Record<string, ContextInput>>;

type Payload = Exclude<ContextInput, string>;

/** Puts the contexts of a new run into its store. Throws `invalid_options` for what is none, `not_found`. */
export async function storeContexts(
  journal: Journal,
  input: ContextsInput | undefined,
): Promise<readonly ContextRef[]> {
  if (input === undefined) return [];
  if (typeof input === "string" || isPayload(input)) return [await store(journal, "context", input)];
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw noContext("context", input);
  const entries = Object.entries(input);
  return await Promise.all(entries.map(([key, context]) => store(journal, key, context)));
}

/** An object with another key than these holds several contexts, one of which may be named `text`. */
function isPayload(value: unknown): value is Payload {
  if (typeof value !== "object" || value === null) return false;
  const { metadata, ...rest }: { readonly metadata?: unknown; readonly [key: string]: unknown } = {
    ...value,
  };
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null)) return false;
  const keys = Object.keys(rest);
  if (keys.length === 1) return typeof rest.text === "string" || isPieces(rest.text);
  return keys.length === 2 && typeof rest.digest === "string" && typeof rest.characters === "number";
}

function isPieces(value: unknown): value is AsyncIterable<string> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function store(journal: Journal, key: string, context: ContextInput): Promise<ContextRef> {
  if (key === "") throw new RLMError("invalid_options", "A context needs a key that is not empty.");
  const { payloads } = journal;
  if (typeof context === "string") return { key, ...(await payloads.putContext(context)) };
  if (!isPayload(context)) throw noContext(`context.${key}`, context);
  const metadata =
    context.metadata === undefined
      ? {}
      : { metadata: copyObject(context.metadata, `context.${key}.metadata`) };
  if ("text" in context) return { key, ...(await payloads.putContext(context.text)), ...metadata };
  const { digest, characters } = await payloads.openContext(context.digest);
  return { key, digest, characters, ...metadata };
}

function noContext(where: string, given: unknown): RLMError {
  const kind = given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`;
  return new RLMError(
    "invalid_options",
    `${where} must be text, { text, metadata } or { digest, characters } of a payload that the store has, not ${kind}. Several contexts are an object of those by key.`,
  );
}

/** A context for a child: text is put into the store, a slice of the parent's own is passed by reference. */
export async function passContext(
  journal: Journal,
  parent: QueryNode,
  context: PassedContext,
): Promise<ContextRef> {
  if (context.kind === "text")
    return { key: context.key, ...(await journal.payloads.putContext(context.text)) };
  const { slice } = context;
  const own = parent.contexts.find((ref) => ref.key === slice.key);
  if (own === undefined)
    throw new RLMError("invalid_options", `There is no context "${slice.key}" to pass on.`);
  const offset = own.range?.start ?? 0;
  return {
    key: context.key,
    digest: own.digest,
    characters: slice.end - slice.start,
    range: { start: offset + slice.start, end: offset + slice.end },
  };
}
