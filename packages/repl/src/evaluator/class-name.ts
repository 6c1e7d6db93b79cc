import { ownValue, reflectGetPrototypeOf } from "./primordials.ts";

/** The name of an object's class, read from data properties only. */
export function className(value: object): string {
  const prototype = reflectGetPrototypeOf(value);
  if (prototype === null) return "";
  const maker = ownValue(prototype, "constructor");
  const name = typeof maker === "function" ? ownValue(maker, "name") : undefined;
  return typeof name === "string" && name.length <= 100 ? name : "";
}

/** `Name ` for an instance of a class, nothing for a plain object. */
export function prefixOf(value: object): string {
  const name = className(value);
  return name === "" || name === "Object" || name === "Array" ? "" : `${name} `;
}
