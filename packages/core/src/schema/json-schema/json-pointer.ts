import { isJsonObject, type JsonValue } from "../../data/json.ts";

/** A JSON pointer with one more step, as it stands in a `$ref`. */
export function extendPointer(pointer: string, path: readonly (string | number)[]): string {
  const steps = path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`);
  return pointer + steps.join("");
}

/** The steps of a local reference (`#`, `#/$defs/a`), or `null` when it is not one. */
export function pointerSteps(ref: string): readonly string[] | null {
  if (ref === "#") return [];
  if (!ref.startsWith("#/")) return null;
  try {
    const steps = decodeURIComponent(ref.slice(2)).split("/");
    return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  } catch {
    return null;
  }
}

/** What a local reference points at, or `undefined`. */
export function findByPointer(root: JsonValue, ref: string): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const step of pointerSteps(ref) ?? [undefined]) {
    if (step === undefined) return undefined;
    if (Array.isArray(at)) at = at[Number(step)];
    else at = isJsonObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}
