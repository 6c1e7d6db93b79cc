import { missingNames } from "./missing-names.ts";
import {
  defineValue,
  promisePrototype,
  reflectSetPrototypeOf,
  regExpExec,
  TypeErrorConstructor,
} from "./primordials.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,40}$/;
const ADVICE = "This is a promise, not its value";

const { iterator, toPrimitive } = Symbol;

/**
 * Makes it an error to read from a promise what only its value has. Otherwise a forgotten `await` would show up as
 * `undefined`, `[object Promise]` or `{}` somewhere else.
 */
export function installPromiseNames(): void {
  const names = missingNames((name) => {
    // JSON.stringify looks for toJSON; the model did not write that name.
    const isWritten = name !== "toJSON" && regExpExec(IDENTIFIER, name) !== null;
    const example = isWritten ? `, as in (await …).${name}` : "";
    throw new TypeErrorConstructor(`${ADVICE}: await it first${example}`);
  });
  reflectSetPrototypeOf(promisePrototype, names);
  const refuse = (): never => {
    throw new TypeErrorConstructor(`${ADVICE}: await it first`);
  };
  defineValue(promisePrototype, "toString", refuse, false);
  defineValue(promisePrototype, iterator, refuse, false);
  defineValue(promisePrototype, toPrimitive, refuse, false);
}
