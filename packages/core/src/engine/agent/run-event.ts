import type { Edit } from "../../data/edit.ts";
import type { RunNode } from "../../data/node.ts";

/** Something a live run tells whoever looks on: nodes as they land, and hints that are not on record. */
export type RunEvent =
  | { readonly type: "node"; readonly node: RunNode }
  /** A piece of a reply that is still being written. */
  | { readonly type: "text"; readonly agentId: string; readonly text: string }
  /** What code has just written. */
  | { readonly type: "output"; readonly agentId: string; readonly text: string }
  /** A request that failed and is made again after `waitMs` milliseconds; `attempt` were made so far. */
  | {
      readonly type: "retry";
      readonly agentId: string;
      readonly model: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly message: string;
    }
  /** A call that may have been in flight when the process before this one died, and is made now. */
  | { readonly type: "repeated"; readonly agentId: string; readonly callId: string; readonly name: string }
  /** A block that was run again for a rebuild made the recorded calls, but wrote or left something else. */
  | { readonly type: "warning"; readonly agentId: string; readonly message: string }
  /** Nothing new starts until `unpaused`. */
  | { readonly type: "paused" }
  | { readonly type: "unpaused" }
  /** An edit from the inbox that could not be made. */
  | { readonly type: "refused"; readonly agentId: string; readonly edit: Edit; readonly reason: string };

type WithoutAgent<Event> = Event extends { readonly agentId: string } ? Omit<Event, "agentId"> : never;

/** What an agent's transition reports of itself: events, and the error that it failed of, which the log keeps only in words. */
export type AgentNews =
  | WithoutAgent<Exclude<RunEvent, { readonly type: "refused" }>>
  | { readonly type: "failed"; readonly error: unknown };
