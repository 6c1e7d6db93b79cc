import { randomBytes } from "node:crypto";
import { ownIdentity, type ProcessIdentity, parseIdentity } from "./process-identity.ts";

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

/** Whose the labelled thing is; `null` when its labels don't say. */
export function ownerOf(labels: Readonly<Record<string, string>> | null): ProcessIdentity | null {
  return parseIdentity(labels?.[PROCESS_LABEL] ?? "");
}
