import type { RequestFailure } from "@rlmflow/core";
import type { FailureKind } from "./failure-signals.ts";

/** What the advice depends on, other than the reason. */
export interface AdviceFacts {
  readonly provider: string;
  /** False if the server was given by address, without a key. */
  readonly keySent: boolean;
  /** True if the answer does not come from such an API: a web page, a redirect, an empty body. */
  readonly wrongPlace: boolean;
  /** What the server said. */
  readonly message: string;
}

const SEND_LESS = "Send less: a smaller maxMessages or maxOutputLength, or more work in the REPL.";
const NO_KEY =
  "No key was sent, because a server named by baseURL gets none by itself: pass apiKey, or apiKeyVariable with the name of an environment variable (--api-key-env on the command line).";
const ADDRESSES: Readonly<Record<string, string>> = {
  openai: "Check the address in baseURL: most servers want it to end in /v1.",
  anthropic: "Check the address in baseURL: /v1/messages is added to it.",
};
const OF_KIND: Readonly<Partial<Record<FailureKind, string>>> = {
  filtered: "The provider's filter refused the text: change the task or the input.",
  token_field:
    'Set tokenLimitField to the name that the server knows: "max_tokens" or "max_completion_tokens".',
  output_bound: "Set a smaller maxOutputTokens.",
  quota: "Waiting does not help: check the plan, the credit and the billing of the account.",
  model: "Check the model's name.",
  cannot_load: "The server cannot load this model: choose another, or give the server more memory.",
};

/** What to do about a failure that a retry can't cure; empty for other failures. */
export function adviceOf(reason: RequestFailure, kind: FailureKind | undefined, facts: AdviceFacts): string {
  if (kind === "unknown_field") return fieldAdvice(facts.message);
  const ofKind = kind === undefined ? undefined : OF_KIND[kind];
  if (ofKind !== undefined) return ofKind;
  switch (reason) {
    case "authentication":
      if (!facts.keySent) return NO_KEY;
      return facts.wrongPlace
        ? "A proxy or a firewall may have answered: check the address, then the key."
        : "Check the key and what it may use.";
    case "quota":
      return OF_KIND.quota ?? "";
    case "context_too_long":
      return /completion|output|max_tokens|max_new_tokens/i.test(facts.message)
        ? `${SEND_LESS} The bound on output counts too: a smaller maxOutputTokens leaves more room.`
        : SEND_LESS;
    case "invalid_request":
      return facts.wrongPlace
        ? (ADDRESSES[facts.provider] ?? "Check the address in baseURL.")
        : "Check the model's name and the client's options.";
    default:
      return "";
  }
}

function fieldAdvice(message: string): string {
  if (/response_format/i.test(message)) return "Set structuredOutput to false.";
  if (/reasoning_effort/i.test(message)) return "Leave reasoningEffort out.";
  return "Leave the field out with extraBody: { stream_options: undefined }.";
}
