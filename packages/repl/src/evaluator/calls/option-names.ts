// Names of options as models write them.
//
// Invariant: options cross to the host under the names that the host knows, however the code spelled them.
import {
  append,
  bare,
  bareList,
  hasOwnKey,
  joinList,
  lowerCase,
  quote,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  regExpExec,
  stringSlice,
  TypeErrorConstructor,
} from "../realm/primordials.ts";

/** A function's options: those that it has, and other names that can mean only one of them. */
export interface OptionNames {
  readonly owner: string;
  readonly names: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
}

const OUTPUT = {
  schema: "output",
  outputschema: "output",
  responseschema: "output",
  jsonschema: "output",
} as const;
/** Names that suggest an option, but whose value may have another form: they are only mentioned in the error. */
const MEANT: Readonly<Record<string, string>> = bare({
  format: "output",
  responseformat: "output",
  type: "output",
  text: "context",
  input: "context",
  data: "context",
  document: "context",
  documents: "context",
  maxturns: "maxIterations",
  maxsteps: "maxIterations",
  iterations: "maxIterations",
  maxtokens: "maxTotalTokens",
  tokens: "maxTotalTokens",
  cost: "maxCostUsd",
  maxcost: "maxCostUsd",
  vars: "globals",
  variables: "globals",
});

export const QUERY_OPTIONS: OptionNames = bare({
  owner: "llmQuery",
  names: ["model", "output"],
  aliases: bare({ ...OUTPUT }),
});

export const DELEGATE_OPTIONS: OptionNames = bare({
  owner: "delegate",
  names: [
    "context",
    "model",
    "runtime",
    "maxIterations",
    "maxTotalTokens",
    "maxCostUsd",
    "output",
    "globals",
  ],
  aliases: bare({ ...OUTPUT, contexts: "context" }),
});

/** One option with the name that it has here. */
export interface NamedOption {
  readonly name: string;
  readonly value: unknown;
}

/** The options of a call, each once. Throws a TypeError for an unknown option and suggests the one that was meant. */
export function namedOptions(options: unknown, known: OptionNames): readonly NamedOption[] {
  const named = bareList<NamedOption>();
  if (options === undefined || options === null) return named;
  const { owner } = known;
  if (typeof options !== "object") {
    const example = owner === "delegate" ? "{ context: text }" : "{ model: name }";
    throw new TypeErrorConstructor(`the options of ${owner} are an object, such as ${example}`);
  }
  const keys = reflectOwnKeys(options);
  const seen = bare<Record<string, string>>({});
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i];
    if (typeof key !== "string" || reflectGetOwnPropertyDescriptor(options, key)?.enumerable !== true)
      continue;
    const value: unknown = reflectGet(options, key);
    if (value === undefined) continue;
    const name = nameOf(key, known);
    const before = seen[name];
    if (before !== undefined) {
      throw new TypeErrorConstructor(
        `${owner} was given the option ${name} twice, as ${before} and as ${key}`,
      );
    }
    seen[name] = key;
    append(named, { name, value });
  }
  return named;
}

function nameOf(key: string, known: OptionNames): string {
  const { names, aliases } = known;
  for (let i = 0; i < names.length; i += 1) if (names[i] === key) return key;
  const plain = plainName(key);
  for (let i = 0; i < names.length; i += 1) if (plainName(names[i] ?? "") === plain) return names[i] ?? key;
  if (hasOwnKey(aliases, plain)) return aliases[plain] ?? key;
  throw unknownOption(key, plain, known);
}

function unknownOption(key: string, plain: string, { owner, names }: OptionNames): Error {
  let meant = hasOwnKey(MEANT, plain) ? MEANT[plain] : undefined;
  for (let i = 0; i < names.length && meant === undefined; i += 1) {
    if (isNear(plain, plainName(names[i] ?? ""))) meant = names[i];
  }
  let isKnown = false;
  for (let i = 0; i < names.length; i += 1) if (names[i] === meant) isKnown = true;
  const question = meant !== undefined && isKnown ? ` Did you mean ${meant}?` : "";
  return new TypeErrorConstructor(
    `${owner} has no option ${quote(stringSlice(key, 0, 60))}.${question} Its options are ${joinList(names, ", ")}`,
  );
}

const SEPARATOR = /[_-]/;

/** `max_iterations`, `max-iterations` and `maxIterations` are one name. */
function plainName(name: string): string {
  let plain = "";
  for (let at = 0; at < name.length && at < 100; at += 1) {
    const sign = stringSlice(name, at, at + 1);
    if (regExpExec(SEPARATOR, sign) === null) plain += sign;
  }
  return lowerCase(plain);
}

/** True when the names differ by one letter, or one is the beginning of the other. */
function isNear(one: string, other: string): boolean {
  if (one === "" || other === "") return false;
  const shorter = one.length < other.length ? one : other;
  const longer = one.length < other.length ? other : one;
  let same = 0;
  while (
    same < shorter.length &&
    stringSlice(shorter, same, same + 1) === stringSlice(longer, same, same + 1)
  )
    same += 1;
  if (same === shorter.length) return same > 3;
  if (longer.length - shorter.length > 1) return false;
  return (
    stringSlice(longer, same + 1) === stringSlice(shorter, longer.length === shorter.length ? same + 1 : same)
  );
}
