import type { AgentConfig } from "./agent-config.ts";
import type { JsonValue } from "./json.ts";

/** Limits and choices that an edit may change while a run lives. */
export type ConfigPatch = Partial<AgentConfig>;

/** A change that a person makes to a run, as a value. */
export type Edit =
  | { readonly kind: "say"; readonly agentId: string; readonly text: string }
  | { readonly kind: "code"; readonly agentId: string; readonly code: string }
  | { readonly kind: "result"; readonly agentId: string; readonly result: JsonValue }
  | { readonly kind: "cancel"; readonly agentId: string; readonly reason?: string }
  | { readonly kind: "final"; readonly agentId: string }
  | { readonly kind: "config"; readonly agentId: string; readonly config: ConfigPatch };
