import { refusalToDeclare } from "./open-global.ts";
import {
  bare,
  defineValue,
  hasOwnKey,
  objectFreeze,
  ownValue,
  realmGlobal,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  TypeErrorConstructor,
} from "./primordials.ts";
import type { ReservedNames } from "./reserved-names.ts";

/** The top-level names of blocks: ordinary properties of the global object. */
export class Bindings {
  readonly #reserved: ReservedNames;
  readonly #forBlock: object;

  constructor(reserved: ReservedNames) {
    this.#reserved = reserved;
    const declare = (names: readonly string[]): void => {
      for (let i = 0; i < names.length; i += 1) this.#declare(names[i] ?? "");
    };
    this.#forBlock = objectFreeze(bare({ declare }));
  }

  /** What rewritten code gets as its one argument. */
  forBlock(): object {
    return this.#forBlock;
  }

  /** Puts JSON values under their names. */
  defineGlobals(globals: Readonly<Record<string, unknown>>): void {
    const names = reflectOwnKeys(globals);
    for (let i = 0; i < names.length; i += 1) {
      const name = names[i];
      if (name !== undefined && !this.#reserved.has(name))
        defineValue(realmGlobal, name, ownValue(globals, name));
    }
  }

  #declare(name: string): void {
    if (this.#reserved.has(name)) return;
    const now = reflectGetOwnPropertyDescriptor(realmGlobal, name);
    if (now !== undefined && hasOwnKey(now, "value") && now.writable === true && now.enumerable === true)
      return;
    if (!defineValue(realmGlobal, name, ownValue(realmGlobal, name))) {
      throw new TypeErrorConstructor(refusalToDeclare(name));
    }
  }
}
