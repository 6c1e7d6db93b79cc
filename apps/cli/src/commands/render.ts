import { type Graph, RLMError, type RunNode } from "@rlmflow/core";
import {
  ASCII_GLYPHS,
  agentAt,
  codeListing,
  graphAt,
  nodeAt,
  nodeMarkdown,
  type ReadBlob,
  report,
  runTree,
  showsUnicode,
  UNICODE_GLYPHS,
} from "@rlmflow/render";
import { type CommandIo, paletteOf, widthOf, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { writeFile } from "../files/write-file.ts";
import { type RenderFlags, type RenderOptions, readRenderOptions } from "../options/render-options.ts";
import { logLines } from "../render/log-lines.ts";
import { openRun } from "../render/open-graph.ts";
import { palette } from "../terminal/palette.ts";
import { treeLines } from "../tree/tree-lines.ts";

const LINES_AT_ONCE = 1000;

/** `rlmflow render`: a run as a tree, a report, its code, a log or JSON, on stdout or in a file. */
export async function renderCommand(path: string, flags: RenderFlags, io: CommandIo): Promise<ExitCode> {
  const options = readRenderOptions(flags);
  await using run = await openRun(path, options);
  const graph = options.at === null ? run.graph : graphAt(run.graph, options.at);
  const texts =
    options.node === null
      ? rendering(graph, options, io, run.blob)
      : await nodeRendering(nodeAt(graph, options.node), options, run.blob);
  if (options.file !== null) await writeFile("--file", options.file, texts);
  else for await (const text of texts) await write(io.stdout, text);
  return EXIT.ok;
}

/** One node whole: as Markdown, its code alone, or JSON. */
async function nodeRendering(node: RunNode, options: RenderOptions, blob: ReadBlob): Promise<string[]> {
  if (options.json || options.format === "json") return [`${JSON.stringify(node, null, 2)}\n`];
  if (options.format !== "code") return [`${await nodeMarkdown(node, blob)}\n`];
  if (node.type === "action" && node.code !== null) return [`${node.code}\n`];
  throw new RLMError(
    "invalid_options",
    `- --format code is for nodes with code; ${node.id} is of type ${node.type}`,
  );
}

function rendering(
  graph: Graph,
  options: RenderOptions,
  io: CommandIo,
  blob: ReadBlob,
): Iterable<string> | AsyncIterable<string> {
  if (options.format === "json") return [`${JSON.stringify(graph.toJSON())}\n`];
  if (options.format === "md") return report(graph, agentAt(graph, options.root), blob);
  if (options.format === "code") return codeListing(graph, agentAt(graph, options.root));
  return joined(lines(graph, options, io));
}

function lines(graph: Graph, options: RenderOptions, io: CommandIo): Iterable<string> {
  const isFile = options.file !== null;
  const width = options.width ?? widthOf(io.stdout, io.environment);
  const colors = isFile ? palette(options.color === "always") : paletteOf(io.stdout, io, options.color);
  if (options.format === "log") return logLines(graph, { width, palette: colors });
  const expand = new Set([...options.expand].map((id) => agentAt(graph, id)));
  const tree = runTree(graph, { ...options, expand, root: agentAt(graph, options.root) });
  if (options.json) return [JSON.stringify(tree, null, 2)];
  const glyphs = options.ascii || (!isFile && !showsUnicode(io.environment)) ? ASCII_GLYPHS : UNICODE_GLYPHS;
  return treeLines(tree, { width, glyphs, palette: colors, ids: options.ids });
}

/** Lines as few texts, so that a long log is neither one string nor a write for each line. */
function* joined(lines: Iterable<string>): Generator<string> {
  let held: string[] = [];
  for (const line of lines) {
    held.push(line);
    if (held.length < LINES_AT_ONCE) continue;
    yield `${held.join("\n")}\n`;
    held = [];
  }
  if (held.length > 0) yield `${held.join("\n")}\n`;
}
