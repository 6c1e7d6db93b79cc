import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Graph, isJsonObject, RLMError } from "@rlmflow/core";
import { oneLine } from "@rlmflow/render";
import { openWorkspace } from "@rlmflow/workspace";
import { readText } from "../files/read-text.ts";
import { placeOf, type WhichRun } from "./branch-place.ts";

/** A run that was opened to be looked at. */
export interface OpenedRun extends AsyncDisposable {
  readonly graph: Graph;
  /** The text of a blob; `null` when it is not at hand. */
  blob(digest: string): Promise<string | null>;
}

/**
 * The run at a path: a JSON document that `export` or `render -f json` wrote, a workspace, or anything inside its
 * `.rlmflow` folder. Rejects with `not_found`, `invalid_graph` or `damaged_log`, saying what is there instead.
 */
export async function openRun(path: string, which: WhichRun): Promise<OpenedRun> {
  if (await isTraceFile(path)) return await readDocument(path);
  const place = placeAt(path);
  const workspace = await openWorkspace(place.workspace);
  try {
    const run = which.run ?? place.run ?? undefined;
    const branch = which.branch ?? place.branch ?? undefined;
    return {
      graph: await workspace.load(run, branch),
      blob: (digest) => workspace.payloads.getBlob(digest).catch(() => null),
      [Symbol.asyncDispose]: () => workspace.close(),
    };
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

/** The graph of {@link openRun}. */
export async function openGraph(path: string, which: WhichRun): Promise<Graph> {
  await using run = await openRun(path, which);
  return run.graph;
}

/** A workspace, and what the path names in it. */
export interface Place extends WhichRun {
  readonly workspace: string;
}

/** True for a file outside every `.rlmflow` folder: a document that was exported. */
export async function isTraceFile(path: string): Promise<boolean> {
  if (placeOf(resolve(path)) !== null) return false;
  return (await stat(path).catch(() => null))?.isFile() === true;
}

/** The workspace that a path is or lies in, and the run and branch that it names inside `.rlmflow`. */
export function placeAt(path: string): Place {
  return placeOf(resolve(path)) ?? { workspace: path, run: null, branch: null };
}

/** What the text of an exported file says. Throws `invalid_graph` that names the file where it is no JSON. */
export function parseDocument(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = oneLine(cause instanceof Error ? cause.message : String(cause));
    const message = `${path} holds no run: it is not the JSON that \`rlmflow export\` and \`rlmflow render -f json\` write (${reason}).`;
    throw new RLMError("invalid_graph", message, { cause });
  }
}

async function readDocument(path: string): Promise<OpenedRun> {
  const document = parseDocument(path, await readText(path));
  try {
    const blobs = isJsonObject(document) && isJsonObject(document.blobs) ? document.blobs : {};
    return {
      graph: Graph.fromJSON(document),
      async blob(digest) {
        const text = Object.hasOwn(blobs, digest) ? blobs[digest] : null;
        return typeof text === "string" ? text : null;
      },
      async [Symbol.asyncDispose]() {},
    };
  } catch (cause) {
    if (!RLMError.is(cause)) throw cause;
    throw new RLMError(cause.code, `${path} holds no run: ${cause.message}`, { cause });
  }
}
