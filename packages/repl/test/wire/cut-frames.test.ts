import { RLMError } from "@rlmflow/core";
import type { Activation, ReplSpec } from "@rlmflow/core/driver";
import { describe, expect, test } from "vitest";
import { channelRuntime, lineChannel, serveRepl } from "../../src/index.ts";

/** Bytes on their way: cut where `isCut` says, and joined where it does not, however they were written. */
class CutPipe {
  readonly #isCut: (position: number) => boolean;
  readonly #chunks: Uint8Array[] = [];
  #piece: number[] = [];
  #wake: () => void = () => {};
  #ended = false;
  /** Bytes after which the connection is gone. */
  readonly #last: number;
  position = 0;

  constructor(isCut: (position: number) => boolean, last = Number.POSITIVE_INFINITY) {
    this.#isCut = isCut;
    this.#last = last;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      if (this.position >= this.#last) return this.end();
      if (this.#isCut(this.position)) this.#flush();
      this.#piece.push(byte);
      this.position += 1;
    }
    // What was not cut goes on with whatever else was written meanwhile.
    setImmediate(() => this.#flush());
  }

  end(): void {
    this.#flush();
    this.#ended = true;
    this.#wake();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #flush(): void {
    if (this.#piece.length > 0) this.#chunks.push(Uint8Array.from(this.#piece));
    this.#piece = [];
    this.#wake();
  }
}

const TEXT = "é 漢 \u{1F600}\n\u2028";
const NONE = { codeMs: 0, output: "", calls: [] };
const FIRST: Activation = {
  ...NONE,
  output: TEXT,
  calls: [{ index: 0, name: "echo", args: [TEXT] }],
  state: { kind: "idle" },
};
const LAST: Activation = {
  ...NONE,
  state: { kind: "ended", echo: TEXT, variables: [], reads: [], unawaited: [] },
};
const spec: ReplSpec = {
  agentId: "root",
  group: "g",
  depth: 0,
  maxDepth: 1,
  seed: TEXT,
  contexts: [],
  globals: {},
  functions: ["echo"],
  alone: false,
};

interface Session {
  readonly activations: readonly Activation[];
  /** What the sandbox's side was given. */
  readonly given: readonly unknown[];
  /** Bytes that went the longer way, and those that the sandbox said. */
  readonly bytes: number;
  readonly said: number;
}

/** A session over two pipes that are cut alike, with the real ends of the wire on both sides. */
async function play(isCut: (position: number) => boolean, last?: number): Promise<Session> {
  const [there, back] = [new CutPipe(isCut), new CutPipe(isCut, last)];
  const given: unknown[] = [];
  const activationOf = (activation: Activation) => async (text: string) => {
    given.push(JSON.parse(text));
    return JSON.stringify(activation);
  };
  const far = lineChannel({
    input: there.read(),
    write: (bytes) => back.write(bytes),
    close: async () => back.end(),
  });
  const makeRepl = async (text: string) => {
    given.push(JSON.parse(text));
    return { start: activationOf(FIRST), deliver: activationOf(LAST), dispose: async () => {} };
  };
  const served = serveRepl(far, { engine: "v8 13.6", makeRepl });
  const runtime = channelRuntime({
    name: "cut",
    isolation: "none",
    replay: "exact",
    connect: async () =>
      lineChannel({
        input: back.read(),
        write: (bytes) => there.write(bytes),
        close: async () => there.end(),
      }),
    times: { openMs: 5000, wallMs: 5000 },
  });
  const activations: Activation[] = [];
  try {
    const session = await runtime.open(spec);
    activations.push(await session.start({ id: "root#1", code: `print("${TEXT.trim()}")`, now: 1 }));
    if (activations[0]?.state.kind === "idle")
      activations.push(await session.deliver({ index: 0, outcome: { ok: true, value: TEXT }, now: 2 }));
  } finally {
    await runtime.close();
    await served;
  }
  return { activations, given, bytes: Math.max(there.position, back.position), said: back.position };
}

describe("a session over streams of bytes is the same", () => {
  test("wherever they are cut in two", async () => {
    const whole = await play(() => false);
    expect(whole.activations).toEqual([FIRST, LAST]);
    expect(whole.given[2]).toEqual({ index: 0, outcome: { ok: true, value: TEXT }, now: 2 });
    expect(whole.bytes).toBeGreaterThan(500);
    for (let cut = 1; cut < whole.bytes; cut += 1) {
      expect(await play((position) => position === cut), `cut at byte ${cut}`).toEqual(whole);
    }
  });

  test("when every byte comes alone, and when they come in pieces of any size", async () => {
    const whole = await play(() => false);
    for (const size of [1, 2, 3, 5, 7, 64, 65, 1000]) {
      expect(await play((position) => position % size === 0), `pieces of ${size}`).toEqual(whole);
    }
  });
});

describe("a sandbox that dies", () => {
  test("at any byte of what it says ends its session: refused, or lost", {
    timeout: 300_000,
  }, async () => {
    const { said } = await play(() => false);
    const seen = new Set<string>();
    for (let last = 0; last < said; last += 1) {
      const session = await play(() => false, last).catch((error: unknown) => {
        expect(RLMError.is(error, "runtime_failed"), `gone after byte ${last}: ${error}`).toBe(true);
        return null;
      });
      if (session === null) {
        seen.add("refused");
        continue;
      }
      const { activations } = session;
      const { state } = activations.at(-1) ?? FIRST;
      expect(state, `gone after byte ${last}`).toMatchObject({ kind: "lost", blame: "block" });
      expect(activations.slice(0, -1)).toEqual(activations.length === 2 ? [FIRST] : []);
      seen.add(`lost at activation ${activations.length}`);
    }
    expect([...seen]).toEqual(["refused", "lost at activation 1", "lost at activation 2"]);
  });
});
