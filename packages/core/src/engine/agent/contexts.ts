import type { JsonObject } from "../../data/json.ts";
import type { ContextRef, QueryNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { PassedContext } from "../../protocols/runtime.ts";
import type { PayloadStore } from "../../protocols/store.ts";
import { copyObject } from "../../schema/json-copy.ts";
import { isTextSource, type TextSource, textOfData, textOfSource } from "./context-text.ts";

/**
 * A context as a user gives it: text, bytes that are UTF-8, or either in pieces; a list or another value that is
 * JSON, which agents read as JSON text; any of these with metadata; or a payload that is in the store already.
 */
export type ContextInput =
  | TextSource
  | readonly unknown[]
  | number
  | boolean
  | { readonly text: TextSource; readonly metadata?: JsonObject }
  | { readonly digest: string; readonly characters: number; readonly metadata?: JsonObject };

/** One payload, which gets the key `context`, or several by key, of which each may also be plain data. */
export type ContextsInput = ContextInput | Readonly<Record<string, ContextInput | JsonObject>>;

type Payload = Extract<ContextInput, { readonly metadata?: JsonObject }>;

/** Puts the contexts of a new run into its store. Throws `invalid_options` for what is none, `not_found`. */
export async function storeContexts(
  payloads: PayloadStore,
  input: ContextsInput | undefined,
): Promise<readonly ContextRef[]> {
  if (input === undefined) return [];
  if (!isPlainObject(input) || isTextSource(input) || isPayload(input))
    return [await store(payloads, "context", input)];
  const entries = Object.entries(input);
  return await Promise.all(entries.map(([key, context]) => store(payloads, key, context)));
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An object with another key than these holds several contexts, one of which may be named `text`. */
function isPayload(value: unknown): value is Payload {
  if (!isPlainObject(value)) return false;
  const { metadata, ...rest } = value;
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null)) return false;
  const keys = Object.keys(rest);
  if (keys.length === 1) return isTextSource(rest.text);
  return keys.length === 2 && typeof rest.digest === "string" && typeof rest.characters === "number";
}

async function store(payloads: PayloadStore, key: string, context: unknown): Promise<ContextRef> {
  if (key === "") throw new RLMError("invalid_options", "A context needs a key that is not empty.");
  const where = key === "context" ? "context" : `context.${key}`;
  if (!isPayload(context)) {
    const text = isTextSource(context) ? textOfSource(where, context) : textOfData(where, context);
    return { key, ...(await payloads.putContext(text)) };
  }
  const metadata =
    context.metadata === undefined ? {} : { metadata: copyObject(context.metadata, `${where}.metadata`) };
  if ("text" in context)
    return { key, ...(await payloads.putContext(textOfSource(`${where}.text`, context.text))), ...metadata };
  const { digest, characters } = await payloads.openContext(context.digest);
  return { key, digest, characters, ...metadata };
}

/** A context for a child: text is put into the store, a slice of the parent's own is passed by reference. */
export async function passContext(
  payloads: PayloadStore,
  parent: QueryNode,
  context: PassedContext,
): Promise<ContextRef> {
  if (context.kind === "text") return { key: context.key, ...(await payloads.putContext(context.text)) };
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
