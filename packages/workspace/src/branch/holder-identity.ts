import { isJsonObject } from "@rlmflow/core";
import { parseJson } from "@rlmflow/core/driver";
import {
  decodeIdentity,
  isOwnBoot,
  ownIdentity,
  type ProcessIdentity,
  type Whereabouts,
  whereabouts,
} from "@rlmflow/core/processes";
import { knock } from "./lock-socket.ts";

/** The process that holds a directory. */
export interface HolderIdentity extends ProcessIdentity {
  /** Drawn for each holding. */
  readonly nonce: string;
  /** The name of its socket in the directory that it holds; absent if it could not make one. */
  readonly socket?: string;
}

/** This process, under a nonce. */
export function ownHolder(nonce: string): HolderIdentity {
  return { ...ownIdentity(), nonce };
}

/** A holder that was written as JSON; `null` when the text holds none. */
export function parseHolder(text: string): HolderIdentity | null {
  const value = parseJson(text);
  const identity = decodeIdentity(value);
  if (identity === null || !isJsonObject(value)) return null;
  const { nonce, socket } = value;
  if (typeof nonce !== "string" || !/^[\w-]{1,64}$/.test(nonce)) return null;
  return { ...identity, nonce, ...(socket === `socket.${nonce}` && { socket }) };
}

/** Whether the process that holds this directory still runs. */
export async function holderWhereabouts(holder: HolderIdentity, directory?: string): Promise<Whereabouts> {
  const { kernel, socket } = holder;
  if (socket !== undefined && directory !== undefined) {
    const answer = await knock(directory, socket);
    if (answer === "answered") return "running";
    if (answer === "refused" && isOwnBoot(kernel)) return "gone";
  }
  return whereabouts(holder);
}
