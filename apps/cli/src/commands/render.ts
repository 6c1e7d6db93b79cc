import { writeFile } from "node:fs/promises";
import type { Graph } from "@rlmflow/core";
import { type CommandIo, paletteOf, widthOf, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { agentAt, graphAt } from "../render/find-in-graph.ts";
import { logLines } from "../render/log-lines.ts";
import { openGraph } from "../render/open-graph.ts";
import { type RenderFlags, type RenderOptions, readRenderOptions } from "../render/render-options.ts";
import { ASCII_GLYPHS, showsUnicode, UNICODE_GLYPHS } from "../terminal/glyphs.ts";
import { palette } from "../terminal/palette.ts";
import { runTree } from "../tree/run-tree.ts";
import { treeLines } from "../tree/tree-lines.ts";

const LINES_AT_ONCE = 1000;

/** `rlmflow render`: a run as a tree, as JSON or as a log, on stdout or in a file. */
export async function renderCommand(path: string, flags: RenderFlags, io: CommandIo): Promise<ExitCode> {
  const options = readRenderOptions(flags);
  const whole = await openGraph(path, options);
  const graph = options.at === null ? whole : graphAt(whole, options.at);
  const texts = joined(rendering(graph, options, io));
  if (options.file !== null) await writeFile(options.file, texts);
  else for (const text of texts) await write(io.stdout, text);
  return EXIT.ok;
}

function rendering(graph: Graph, options: RenderOptions, io: CommandIo): Iterable<string> {
  if (options.format === "json") return [JSON.stringify(graph.toJSON())];
  const isFile = options.file !== null;
  const width = options.width ?? widthOf(io.stdout, io.environment);
  const colors = isFile ? palette(options.color === "always") : paletteOf(io.stdout, io, options.color);
  if (options.format === "log") return logLines(graph, { width, palette: colors });
  const tree = runTree(graph, { ...options, root: agentAt(graph, options.root) });
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
