import { ASCII_GLYPHS, showsUnicode, UNICODE_GLYPHS } from "@rlmflow/render";
import { type CommandIo, paletteOf } from "../command-io.ts";
import type { RunLimits } from "../options/limit-options.ts";
import type { ViewOptions } from "../options/view-options.ts";
import { jsonView, plainView } from "./line-views.ts";
import { liveView } from "./live-view.ts";
import { type ProgressView, silentView } from "./progress-view.ts";
import type { RunProgress } from "./run-progress.ts";

/** The view that was asked for; where nothing was, the live one on a terminal that can draw it, else plain lines. */
export function chooseView(
  progress: RunProgress,
  options: ViewOptions & { readonly limits?: RunLimits },
  io: CommandIo,
): ProgressView {
  const write = (text: string) => void io.stderr.write(text);
  const lines = { now: io.now, write };
  if (options.progress === "none") return silentView(write);
  if (options.progress === "json") return jsonView(progress, lines);
  if (options.progress === "plain" || !canDraw(io)) return plainView(progress, lines);
  return liveView(progress, {
    io,
    glyphs: showsUnicode(io.environment) ? UNICODE_GLYPHS : ASCII_GLYPHS,
    palette: paletteOf(io.stderr, io, options.color),
    maxCostUsd: options.limits?.maxCostUsd ?? null,
  });
}

function canDraw({ stderr, environment }: CommandIo): boolean {
  const isContinuousIntegration = (environment.CI ?? "") !== "" && environment.CI !== "false";
  return stderr.isTTY === true && !isContinuousIntegration && environment.TERM !== "dumb";
}
