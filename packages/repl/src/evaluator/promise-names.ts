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
 * Whoever reads from a promise what only its value has forgot to await it: that is an error, and no silent `undefined`,
 * `[object Promise]` or `{}`.
 */
export function installPromiseNames(): void {
  const names = missingNames((name) => {
    const example = regExpExec(IDENTIFIER, name) === null ? "(await …)" : `(await …).${name}`;
    throw new TypeErrorConstructor(`${ADVICE}: await it first, as in ${example}`);
  });
  reflectSetPrototypeOf(promisePrototype, names);
  const refuse = (): never => {
    throw new TypeErrorConstructor(`${ADVICE}: await it first`);
  };
  defineValue(promisePrototype, "toString", refuse, false);
  defineValue(promisePrototype, iterator, refuse, false);
  defineValue(promisePrototype, toPrimitive, refuse, false);
}
