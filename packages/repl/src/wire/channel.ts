/**
 * A way to a sandbox that carries text frames, whole and in order, both ways.
 *
 * - `send` resolves when the frame is on its way and more may be sent: not while it waits in memory of this side
 *   because the other takes nothing. It rejects when it never will be.
 * - `receive` is called once. It ends when the other side is gone, and may throw then: a `sandbox_lost` whose
 *   `details.limit` is the limit that was broken, or whose `details.blame` is `"none"` where the code that ran need
 *   not have ended the sandbox. It reads on only when the next frame is asked for, so that a flood waits on the other side.
 * - `close` ends the sandbox for good, kills it where it has to, and may be called twice. What was being sent settles.
 */
export interface Channel {
  send(frame: string): Promise<void>;
  receive(): AsyncIterable<string>;
  close(): Promise<void>;
}
