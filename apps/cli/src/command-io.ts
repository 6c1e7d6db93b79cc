import type { Palette } from "./terminal/palette.ts";
import { type ColorSituation, palette, wantsColor } from "./terminal/palette.ts";

/** A stream that may be a terminal. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

/** All of the process that a command touches. */
export interface CommandIo {
  readonly stdin: AsyncIterable<Buffer>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Epoch milliseconds. */
  now(): number;
  /** Calls the listener for each interrupt (Ctrl-C) until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

const PIPE_WIDTH = 120;

/** Columns for what goes to this stream: the terminal's, else what COLUMNS says, else 120. */
export function widthOf(stream: OutputStream, environment: CommandIo["environment"]): number {
  const told = stream.isTTY === true ? stream.columns : Number.parseInt(environment.COLUMNS ?? "", 10);
  return told !== undefined && told > 0 ? told : PIPE_WIDTH;
}

/** The palette for this stream. */
export function paletteOf(stream: OutputStream, io: CommandIo, flag: ColorSituation["flag"]): Palette {
  return palette(wantsColor({ flag, environment: io.environment, isTerminal: stream.isTTY === true }));
}

/** Writes and, when the stream asks for it, waits until it takes more. */
export async function write(stream: OutputStream, text: string): Promise<void> {
  if (stream.write(text)) return;
  await new Promise<void>((resolve) => {
    stream.once("drain", () => resolve());
    stream.once("close", () => resolve());
  });
}
