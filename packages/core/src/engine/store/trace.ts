import { Graph } from "../../data/graph/graph.ts";
import { isJsonObject } from "../../data/json.ts";
import type { BlobRef, RunNode } from "../../data/node.ts";
import { FORMAT } from "../../data/run-info.ts";
import { sentence } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import type { PayloadReader, RunStores, Store } from "../../protocols/store.ts";
import { defaultEnvironment } from "../environment/default-environment.ts";
import { memoryStores } from "./memory-store.ts";

/** Whatever keeps the payloads of the traced run: a flow, a `Workspace`, a `Store`. */
export interface PayloadSource {
  readonly payloads: PayloadReader;
}

/** A run, which brings its payloads, or a graph alone. */
export type Traceable = Graph | (PayloadSource & { readonly graph: Graph });

/** A run that was read from a trace, and stores that hold it: `new RLMFlow({ …, workspace: stores })` goes on with it. */
export interface LoadedTrace {
  readonly graph: Graph;
  readonly stores: RunStores;
}

/** UTF-16 units of a context that are written at a time. */
const PIECE = 1 << 16;

/**
 * A branch as one self-contained JSON document: its graph, and every blob and context that it names, each once.
 * A run that has not ended is saved as far as it has got. A graph that names payloads needs the source that keeps them, for example
 * its flow. Rejects with `not_found` when one of them is missing. A trace beyond the length of a string needs
 * {@link traceText}.
 */
export async function saveTrace(traced: Traceable, source?: PayloadSource): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of traceText(traced, source)) pieces.push(piece);
  return pieces.join("");
}

/** The text of {@link saveTrace} in pieces, a node or a part of a payload at a time. */
export async function* traceText(
  traced: Traceable,
  source?: PayloadSource,
): AsyncGenerator<string, void, undefined> {
  const graph = graphOf(traced);
  const payloads = payloadsOfTraced(traced, source);
  yield `{"format":${FORMAT},"run":${JSON.stringify(graph.run)},"nodes":[`;
  let separator = "\n";
  for (const node of graph.walk()) {
    yield `${separator}${JSON.stringify(node)}`;
    separator = ",\n";
  }
  const { blobs, contexts } = payloadsOf(graph);
  yield '\n],"blobs":{';
  separator = "\n";
  for (const digest of blobs) {
    yield `${separator}"${digest}":${JSON.stringify(await payloads.getBlob(digest))}`;
    separator = ",\n";
  }
  yield '\n},"contexts":{';
  separator = "\n";
  for (const digest of contexts) {
    const context = await payloads.openContext(digest);
    yield `${separator}"${digest}":"`;
    for (let start = 0; start < context.characters; start += PIECE)
      yield escaped(context.read(start, Math.min(context.characters, start + PIECE)));
    yield '"';
    separator = ",\n";
  }
  yield "\n}}\n";
}

function graphOf(traced: Traceable | undefined): Graph {
  const graph = traced instanceof Graph ? traced : traced?.graph;
  if (graph instanceof Graph) return graph;
  throw new RLMError("invalid_options", "A trace is made of a run or a graph: saveTrace(run).");
}

function payloadsOfTraced(traced: Traceable, source: PayloadSource | undefined): PayloadReader {
  const found = source ?? (traced instanceof Graph ? undefined : traced);
  if (typeof found?.payloads?.getBlob === "function") return found.payloads;
  const refuse = async (): Promise<never> => {
    throw new RLMError(
      "invalid_options",
      "This graph names blobs or contexts, which are kept elsewhere. Say where: saveTrace(graph, flow), or save the run itself: saveTrace(run).",
    );
  };
  return { getBlob: refuse, openContext: refuse };
}

/** JSON text of a part of a string. Half a surrogate pair becomes an escape, which the other half completes. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * Reads a trace, given as the path of its file, as text or parsed, into these stores, by default into memory. Text
 * begins with "{"; any other string is a path. Everything is checked before anything is kept: rejects with
 * `invalid_graph` or `unsupported_format` saying where the document is wrong, and with `already_exists` when the
 * stores have its branch.
 */
export async function loadTrace(
  trace: unknown,
  stores: RunStores = memoryStores(defaultEnvironment().digest),
): Promise<LoadedTrace> {
  const document = typeof trace === "string" || trace instanceof URL ? parse(await textOf(trace)) : trace;
  const graph = Graph.fromJSON(document);
  const payloads = await readPayloads(document, graph);
  const store = await stores.forkRun(graph.run, []);
  try {
    for (const text of payloads.blobs) await store.payloads.putBlob(text);
    for (const text of payloads.contexts) await store.payloads.putContext(text);
    await appendAll(store, graph);
  } finally {
    await store.close();
  }
  return { graph, stores };
}

/** The text of a trace, read from its file when given a path. Core also runs on platforms without files. */
async function textOf(trace: string | URL): Promise<string> {
  if (typeof trace === "string" && /^\s*\{/.test(trace)) return withoutMark(trace);
  const files = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  const shown = JSON.stringify(String(trace).slice(0, 200));
  const expected = "loadTrace takes the path of a trace, or its text, which begins with {.";
  if (files === undefined)
    throw new RLMError("invalid_options", `${shown} can't be read: there are no files here. ${expected}`);
  try {
    return withoutMark(await files.readFile(trace, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RLMError("not_found", `${shown} can't be read: ${sentence(reason)} ${expected}`, { cause });
  }
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RLMError(
      "invalid_graph",
      sentence(`A trace is one JSON document; this is none: ${reason.replace(/\s+/g, " ")}`),
      { cause },
    );
  }
}

async function appendAll(store: Store, graph: Graph): Promise<void> {
  const appends: Promise<void>[] = [];
  let together: RunNode[] = [];
  const flush = () => {
    const [first] = together;
    if (first !== undefined) appends.push(store.append(first.agentId, first.n, together));
    together = [];
  };
  for (const node of graph.walk()) {
    if (node.agentId !== together[0]?.agentId) flush();
    together.push(node);
  }
  flush();
  await Promise.all(appends);
}

async function readPayloads(document: unknown, graph: Graph) {
  const { blobs, contexts } = payloadsOf(graph);
  return {
    blobs: await textsAt(document, "blobs", blobs),
    contexts: await textsAt(document, "contexts", contexts),
  };
}

/** The texts that the document has for these digests, each checked against its digest. */
async function textsAt(
  document: unknown,
  key: "blobs" | "contexts",
  digests: ReadonlySet<string>,
): Promise<readonly string[]> {
  const held = isJsonObject(document) ? (document[key] ?? {}) : {};
  if (!isJsonObject(held)) throw new RLMError("invalid_graph", `$.${key}: expected texts by their digests.`);
  const { digest } = defaultEnvironment();
  const texts: string[] = [];
  for (const name of digests) {
    const text = Object.hasOwn(held, name) ? held[name] : undefined;
    if (typeof text !== "string")
      throw new RLMError(
        "invalid_graph",
        `$.${key} lacks ${name}, which a node names: this is a graph without its payloads, or a part of a trace. Write it with saveTrace or \`rlmflow export\`.`,
      );
    if ((await digest(text)) !== name)
      throw new RLMError(
        "invalid_graph",
        `$.${key}.${name}: the text does not have this digest; it was changed.`,
      );
    texts.push(text);
  }
  return texts;
}

/** The digests of all payloads that nodes of the graph name, in the order in which they are named first. */
function payloadsOf(graph: Graph) {
  const blobs = new Set<string>();
  const contexts = new Set<string>();
  for (const node of graph.walk()) {
    for (const { digest } of blobsOf(node)) blobs.add(digest);
    if (node.type === "query") for (const { digest } of node.contexts) contexts.add(digest);
  }
  return { blobs, contexts };
}

/** The large values that a node names. */
export function blobsOf(node: RunNode): readonly BlobRef[] {
  return "blobs" in node && node.blobs !== undefined ? Object.values(node.blobs) : [];
}
