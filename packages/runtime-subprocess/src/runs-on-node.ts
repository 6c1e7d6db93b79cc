import type { ReplLanguage } from "@rlmflow/repl";

/** Whether the language's server is run by this Node. */
export function runsOnNode({ server }: ReplLanguage): boolean {
  return server.command[0] === "node";
}
