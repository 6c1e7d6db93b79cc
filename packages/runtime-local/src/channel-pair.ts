import type { Channel } from "@rlmflow/repl";

/** Two ends of a channel in this process: what one sends, the other receives, in order. */
export function channelPair(): readonly [Channel, Channel] {
  const there = new FrameQueue();
  const back = new FrameQueue();
  return [channelOver(back, there), channelOver(there, back)];
}

/** Closing either end ends both. */
function channelOver(incoming: FrameQueue, outgoing: FrameQueue): Channel {
  return {
    async send(frame) {
      outgoing.push(frame);
    },
    receive: () => incoming.drain(),
    async close() {
      incoming.end();
      outgoing.end();
    },
  };
}

/** Frames on their way. Invariant: a frame that was pushed before the end is still received. */
class FrameQueue {
  readonly #frames: string[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(frame: string): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *drain(): AsyncGenerator<string> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) yield frame;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
