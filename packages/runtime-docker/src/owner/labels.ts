import { randomBytes } from "node:crypto";
import { parseJson } from "@rlmflow/core/driver";
import { decodeIdentity, isOwnSpace, ownIdentity, whereabouts } from "@rlmflow/core/processes";

/** On everything of ours: which runtime made it. */
export const RUNTIME_LABEL = "rlmflow.runtime";
/** On everything of ours: the nonce of the runtime that made it, and its process as JSON. */
export const NONCE_LABEL = "rlmflow.nonce";
export const PROCESS_LABEL = "rlmflow.process";
/** What nobody else can set. */
export const OWN_LABELS: readonly string[] = [RUNTIME_LABEL, NONCE_LABEL, PROCESS_LABEL];

/** The labels of what one runtime makes. */
export interface OwnLabels {
  readonly nonce: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Labels for a new runtime of this process. */
export function ownLabels(): OwnLabels {
  const nonce = randomBytes(6).toString("hex");
  return {
    nonce,
    labels: {
      [RUNTIME_LABEL]: "docker",
      [NONCE_LABEL]: nonce,
      [PROCESS_LABEL]: JSON.stringify(ownIdentity()),
    },
  };
}

/**
 * Whether the process that made the labelled thing is known to be gone. Two machines of one name may use one engine, so
 * of a process in another boot or PID namespace nothing is known.
 */
export function isForsaken(labels: Readonly<Record<string, string>> | null): boolean {
  const owner = decodeIdentity(parseJson(labels?.[PROCESS_LABEL] ?? ""));
  return owner !== null && isOwnSpace(owner.kernel) && whereabouts(owner) === "gone";
}
