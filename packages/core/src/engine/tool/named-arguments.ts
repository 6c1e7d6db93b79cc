import { isJsonObject, type JsonValue } from "../../data/json.ts";
import type { Tool } from "../../protocols/tool.ts";
import { showSignature } from "./tool-arguments.ts";

/**
 * The arguments of a call, each in the place of its parameter. Languages with keyword arguments send those as a last
 * argument that is `{ "$named": { … } }`. Throws a TypeError that names the tool and the parameter.
 */
export function placedArguments(
  tool: Pick<Tool, "name" | "parameters">,
  args: readonly JsonValue[],
): readonly JsonValue[] {
  const named = namedArguments(args.at(-1));
  if (named === null) return args;
  const placed: JsonValue[] = args.slice(0, -1);
  const given = placed.length;
  for (const [name, value] of Object.entries(named)) {
    const place = tool.parameters.findIndex((parameter) => parameter.name === name);
    if (place === -1) throw new TypeError(`${showSignature(tool)} has no parameter ${name}`);
    if (place < given) throw new TypeError(`${showSignature(tool)} got ${name} twice`);
    placed[place] = value;
  }
  // An optional parameter that was passed over counts as left out when it is null.
  return Array.from(placed, (value) => value ?? null);
}

function namedArguments(last: JsonValue | undefined): { readonly [name: string]: JsonValue } | null {
  if (!isJsonObject(last) || Object.keys(last).length !== 1) return null;
  const named = last.$named;
  return isJsonObject(named) ? named : null;
}
