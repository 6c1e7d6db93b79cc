import type { Graph } from "@rlmflow/core";
import { languageOfName } from "./language-of-name.ts";

/** Whether code can be run by an agent, as far as that can be told without its runtime. */
export type CodeCheck =
  | { readonly kind: "parses" }
  | { readonly kind: "fault"; readonly message: string }
  /** No parser for the agent's language is at hand. */
  | { readonly kind: "unknown"; readonly language: string };

/** Parses code for an agent of a run that nobody moves, in the language that the agent began with. */
export async function checkCode(graph: Graph, agentId: string, code: string): Promise<CodeCheck> {
  const [first] = graph.chain(agentId);
  const name = first?.type === "query" ? first.language.name : "";
  const language = await languageOfName(name);
  if (language === null) return { kind: "unknown", language: name };
  const fault = language.parses(code);
  return fault === null
    ? { kind: "parses" }
    : { kind: "fault", message: `This code does not parse: ${fault}` };
}
