import { ownValue, reflectGetPrototypeOf } from "./primordials.ts";

/** The name of an object's class, read from data properties only. */
export function className(value: object): string {
  const prototype = reflectGetPrototypeOf(value);
  if (prototype === null) return "";
  const maker = ownValue(prototype, "constructor");
  const name = typeof maker === "function" ? ownValue(maker, "name") : undefined;
  return typeof name === "string" && name.length <= 100 ? name : "";
}

const PROTOTYPES_LOOKED_AT = 4;
const { toStringTag } = Symbol;

/** What the language calls an object that has no class of its own, such as `Map Iterator`; empty for most. */
export function tagOf(value: object): string {
  let prototype = reflectGetPrototypeOf(value);
  for (let step = 0; prototype !== null && step < PROTOTYPES_LOOKED_AT; step += 1) {
    const tag = ownValue(prototype, toStringTag);
    if (typeof tag === "string" && tag.length <= 100) return tag;
    prototype = reflectGetPrototypeOf(prototype);
  }
  return "";
}

/** `Name ` for an instance of a class, nothing for a plain object. */
export function prefixOf(value: object): string {
  const name = className(value);
  return name === "" || name === "Object" || name === "Array" ? "" : `${name} `;
}
