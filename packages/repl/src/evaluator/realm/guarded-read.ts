import { reflectGet } from "./primordials.ts";

/** A property of a guest's object when it is a string; a getter that throws counts as none. */
export function readText(object: object, key: PropertyKey): string | undefined {
  try {
    const value: unknown = reflectGet(object, key);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
