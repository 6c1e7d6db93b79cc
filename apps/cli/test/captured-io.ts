import type { CommandIo, OutputStream } from "../src/command-io.ts";

/** A stream that keeps what is written to it. */
export class CapturedStream implements OutputStream {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 100;
  readonly rows = 24;

  constructor(isTTY: boolean = false) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  once(): this {
    return this;
  }

  on(): this {
    return this;
  }

  off(): this {
    return this;
  }
}

/** A process of which a test gives the input and reads the output. */
export class CapturedIo implements CommandIo {
  readonly stdin: AsyncIterable<Buffer>;
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly #listeners = new Set<() => void>();

  constructor(
    options: { input?: readonly Buffer[]; isTTY?: boolean; environment?: CommandIo["environment"] } = {},
  ) {
    const { input = [], isTTY = false, environment = {} } = options;
    this.stdin = inputOf(input);
    this.stdout = new CapturedStream(isTTY);
    this.stderr = new CapturedStream(isTTY);
    this.environment = { LANG: "C.UTF-8", ...environment };
  }

  now(): number {
    return Date.now();
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }
}

async function* inputOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
