import type { AgentState } from "../../data/graph/agent-state.ts";
import type { Outcome } from "../../data/node.ts";
import type { Language } from "../../protocols/language.ts";
import { spelled } from "../../rules/spelling.ts";
import type { AgentSettings } from "../resources/settings.ts";

/** The language that an agent writes; its runtime is there, for the agent's REPL is. */
export function languageOf(
  settings: AgentSettings,
  { query }: Pick<AgentState, "query">,
): Pick<Language, "spellings"> {
  return settings.languages.get(query.config.runtime) ?? {};
}

/** The host's own refusal of a call in the words of the agent's language; any other outcome as it is. */
export function inLanguage(
  settings: AgentSettings,
  agent: Pick<AgentState, "query">,
  outcome: Outcome,
): Outcome {
  if (outcome.ok) return outcome;
  const message = spelled(outcome.error.message, languageOf(settings, agent));
  return { ok: false, error: { ...outcome.error, message } };
}
