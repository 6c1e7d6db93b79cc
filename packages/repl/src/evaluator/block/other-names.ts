// Names from other systems that stand for functions of this REPL.
//
// Invariants: (1) such a name is not reserved: a block that declares or assigns it gets an ordinary variable, which
// stays; (2) lists of names leave it out.
import { bare, defineValue, ownValue, realmGlobal, reflectDefineProperty } from "../realm/primordials.ts";

/** Each name with the one that it stands for. */
const STANDS_FOR = [
  { name: "context", own: "CONTEXT" },
  { name: "llm_query", own: "llmQuery" },
  { name: "llm_query_batched", own: "llmQueryBatched" },
  { name: "FINAL", own: "done" },
] as const;

/** Lets the names stand for those of the REPL that `values` holds. */
export function installOtherNames(values: object): void {
  for (let i = 0; i < STANDS_FOR.length; i += 1) {
    const known = STANDS_FOR[i];
    if (known === undefined) continue;
    const { name, own } = known;
    const value = ownValue(values, own);
    const set = (next: unknown): void => {
      defineValue(realmGlobal, name, next);
    };
    reflectDefineProperty(
      realmGlobal,
      name,
      bare({ get: () => value, set, enumerable: false, configurable: true }),
    );
  }
}
