import type { Glyphs } from "@rlmflow/render";
import { type CommandIo, widthOf } from "../command-io.ts";
import { LiveScreen } from "../terminal/live-screen.ts";
import type { Palette } from "../terminal/palette.ts";
import { liveLines } from "./live-lines.ts";
import type { ProgressView } from "./progress-view.ts";
import type { RunProgress } from "./run-progress.ts";

/** What the live view is drawn with. */
export interface LiveViewOptions {
  readonly io: CommandIo;
  readonly glyphs: Glyphs;
  readonly palette: Palette;
  readonly maxCostUsd: number | null;
}

const FRAME_MS = 100;
const MOST_LINES = 20;
const LINES_LEFT_FREE = 2;

/** The run drawn again and again at the end of the terminal, at most ten times a second. */
export function liveView(progress: RunProgress, options: LiveViewOptions): ProgressView {
  const { stderr, environment } = options.io;
  const screen = new LiveScreen(stderr);
  const draw = () => {
    const height = Math.min(MOST_LINES, (stderr.rows ?? MOST_LINES) - LINES_LEFT_FREE);
    // One column is left free: a full line would wrap on some terminals.
    const width = widthOf(stderr, environment) - 1;
    screen.draw(liveLines(progress, { ...options, now: options.io.now(), width, height }));
  };
  const resized = () => screen.clear();
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  stderr.on("resize", resized);
  return {
    update: () => {},
    say(line) {
      screen.clear();
      stderr.write(`${line}\n`);
      draw();
    },
    close() {
      clearInterval(timer);
      stderr.off("resize", resized);
      screen.close();
    },
  };
}
