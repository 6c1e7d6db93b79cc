import type { Client, FinishReason, Usage } from "@rlmflow/core";
import type { StatedExceptions } from "../contract/stated-exceptions.ts";

/** How a provider turns a request away. */
export type ProviderRefusal =
  | "rate_limit"
  | "overloaded"
  | "authentication"
  | "context_too_long"
  | "quota"
  | "invalid_request";

/** What follows the text of a reply. */
export type ProviderEnding =
  /** The reply ends as replies do. */
  | { readonly kind: "finish"; readonly reason: Extract<FinishReason, "stop" | "length" | "refused"> }
  /** The connection breaks. */
  | { readonly kind: "cut" }
  /** Within the reply the provider reports an error, in these words, and ends the response. */
  | { readonly kind: "error"; readonly said: string }
  /** The response ends in good order, but nothing says that the model was done. */
  | { readonly kind: "early_end" }
  /** Nothing more comes and the connection stays open. */
  | { readonly kind: "silence" }
  /** The request is refused, in the words of `said` or else in the provider's usual ones; the text is not sent. */
  | {
      readonly kind: "refuse";
      readonly refusal: ProviderRefusal;
      readonly retryAfterMs?: number;
      readonly said?: string;
    };

/** The counts of a {@link Usage}. */
export type TokenCounts = Omit<Usage, "costMicroUsd">;

/** What the provider behind a client under test does with every request. */
export interface ProviderScript {
  /** The pieces in which the text is sent, or `echo` for the content of the request's last message. */
  readonly text: readonly string[] | "echo";
  /** Reasoning before the text. An API without a field for reasoning ignores it. */
  readonly reasoning?: string;
  readonly ending: ProviderEnding;
  /** What the provider reports, or `null` for a provider that reports nothing. */
  readonly usage: TokenCounts | null;
}

/** What the provider has seen so far. */
export interface ProviderView {
  /** The body of each request as text, in order of arrival. */
  readonly requests: readonly string[];
  /** Requests whose connection the client closed before the reply was over. */
  readonly closed: number;
}

/** A client and the provider it talks to, made for one check. */
export interface ClientRig {
  readonly client: Client;
  seen(): ProviderView;
  close(): Promise<void>;
}

/** Makes a fresh client whose provider, real or on the loopback, follows the script. */
export interface ClientDriver {
  /** Counts for which this kind of provider has no word, for example `["cached"]`: the client must say `null`. */
  readonly unreported?: readonly (keyof TokenCounts)[];
  /** Names of checks that this client fails, each with the reason. One that no longer fails is refused. */
  readonly exceptions?: StatedExceptions;
  open(script: ProviderScript): Promise<ClientRig>;
}
