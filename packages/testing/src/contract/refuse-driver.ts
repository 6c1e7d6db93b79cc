import { RLMError } from "@rlmflow/core";
import { ensure } from "./contract.ts";

/** A property of a driver: what `typeof` says of it, and whether it may be left out. */
export interface DriverProperty {
  readonly kind: "string" | "number" | "function" | "object";
  readonly required?: boolean;
}

/** Throws `invalid_options` naming everything by which what was given is no driver of a contract. */
export function refuseDriver(
  contract: string,
  given: unknown,
  properties: Readonly<Record<string, DriverProperty>>,
): void {
  const isRecord = typeof given === "object" && given !== null;
  const problems = isRecord ? faultsOf(given, properties) : ["it is no record"];
  if (problems.length === 0) return;
  const message = `${contract} was given a driver it can't take: ${problems.join("; ")}.`;
  throw new RLMError("invalid_options", message);
}

/** Throws when what a driver's function gave is not what it must be, told by what it lacks. */
export function ensureGave(
  by: string,
  what: string,
  given: unknown,
  methods: readonly string[],
  fields: readonly string[] = [],
): void {
  const isRecord = typeof given === "object" && given !== null;
  ensure(isRecord, `${by} gave ${given === null ? "null" : typeof given}, and no ${what}`);
  const lacking = [
    ...methods.filter((name) => typeof Reflect.get(given, name) !== "function").map((name) => `${name}()`),
    ...fields.filter((name) => Reflect.get(given, name) === undefined),
  ];
  ensure(lacking.length === 0, `${by} gave a ${what} without ${lacking.join(", ")}`);
}

function faultsOf(driver: object, properties: Readonly<Record<string, DriverProperty>>): readonly string[] {
  const unknown = Object.keys(driver).filter((name) => !Object.hasOwn(properties, name));
  const faults = Object.entries(properties).flatMap(([name, { kind, required = false }]) => {
    const value: unknown = Reflect.get(driver, name);
    if (value === undefined) return required ? [`${name} is missing`] : [];
    if (typeof value !== kind || value === null) return [`${name} must be ${a(kind)}, not ${shown(value)}`];
    return typeof value === "number" && !(value > 0) ? [`${name} must be above 0, not ${value}`] : [];
  });
  return [...faults, ...unknown.map((name) => `there is no ${name}`)];
}

function a(kind: DriverProperty["kind"]): string {
  return `${kind === "object" ? "an" : "a"} ${kind}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? typeof value;
}
