import { isArray, ownValue, reflectApply, reflectGetPrototypeOf } from "./primordials.ts";

const mapPrototype: Map<unknown, unknown> = Map.prototype;
const setPrototype: Set<unknown> = Set.prototype;
const { entries } = mapPrototype;
const { values } = setPrototype;
const nextOfMap = nextMethod(new Map().entries());
const nextOfSet = nextMethod(new Set().values());

/** The entries of a Map one by one as `[key, value]`, then `null`. Throws for anything but a Map. */
export function mapEntries(map: object): () => readonly unknown[] | null {
  const iterator = reflectApply(entries, map as Map<unknown, unknown>, []);
  return () => {
    const step: unknown = nextOfMap(iterator);
    const entry = typeof step === "object" && step !== null ? ownValue(step, "value") : undefined;
    return isArray(entry) ? entry : null;
  };
}

/** The members of a Set one by one as `[member]`, then `null`. Throws for anything but a Set. */
export function setValues(set: object): () => readonly unknown[] | null {
  const iterator = reflectApply(values, set as Set<unknown>, []);
  return () => {
    const step: unknown = nextOfSet(iterator);
    if (typeof step !== "object" || step === null || ownValue(step, "done") === true) return null;
    return [ownValue(step, "value")];
  };
}

function nextMethod(iterator: object): (iterator: object) => unknown {
  const prototype = reflectGetPrototypeOf(iterator);
  const next = prototype === null ? undefined : ownValue(prototype, "next");
  return (target) => (typeof next === "function" ? reflectApply(next, target, []) : undefined);
}
