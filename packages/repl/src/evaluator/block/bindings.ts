// The top-level names of blocks: ordinary properties of the global object.
//
// Owns: the names that the running block has declared with `let`, `const` or `class` and that have no value yet.
// Invariants: (1) reading such a name throws, as in a script, whatever an earlier block put there; (2) the first
// assignment gives it its value and makes it an ordinary property; (3) when the block is over, a name that got no value
// is what it was before the block.
import { refusalToDeclare } from "../realm/open-global.ts";
import {
  append,
  bare,
  bareList,
  defineValue,
  hasOwnKey,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  objectFreeze,
  ownValue,
  ReferenceErrorConstructor,
  realmGlobal,
  reflectApply,
  reflectDefineProperty,
  reflectDeleteProperty,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  SetConstructor,
  setAdd,
  setHas,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import type { ReservedNames } from "./reserved-names.ts";

/** A name without a value: what stood there before the block. */
interface Unset {
  readonly before: PropertyDescriptor | undefined;
}

/** A name that got no value in its block. */
export interface LeftUnset {
  readonly name: string;
  /** It had a value before, which it has again. */
  readonly isKept: boolean;
}

/** The top-level names of one realm. */
export class Bindings {
  readonly #reserved: ReservedNames;
  readonly #forBlock: object;
  readonly #unset = new MapConstructor<string, Unset>();
  #lexical: readonly string[] = bareList();

  /** `dropped` takes what nobody will await, and gives it back. */
  constructor(reserved: ReservedNames, dropped: (value: unknown) => unknown) {
    this.#reserved = reserved;
    const declare = (names: readonly string[], lexical: readonly string[]): void => {
      const isLexical = new SetConstructor<string>();
      for (let i = 0; i < lexical.length; i += 1) setAdd(isLexical, lexical[i] ?? "");
      this.#lexical = lexical;
      for (let i = 0; i < names.length; i += 1) {
        const name = names[i] ?? "";
        if (setHas(isLexical, name)) this.#declareLexical(name);
        else this.#declare(name);
      }
    };
    const dropping = (callback: (...args: unknown[]) => unknown) =>
      function (this: unknown, ...args: unknown[]): unknown {
        return dropped(reflectApply(callback, this, args));
      };
    this.#forBlock = objectFreeze(bare({ declare, dropped, dropping }));
  }

  /** What rewritten code gets as its one argument. */
  forBlock(): object {
    return this.#forBlock;
  }

  /** True for a name that the running block has declared and that has no value yet. */
  isUnset(name: string): boolean {
    return mapGet(this.#unset, name) !== undefined;
  }

  /** The block is over: names that got no value become what they were. Gives them, in their order. */
  settle(): readonly LeftUnset[] {
    const left = bareList<LeftUnset>();
    for (let i = 0; i < this.#lexical.length; i += 1) {
      const name = this.#lexical[i] ?? "";
      const unset = mapGet(this.#unset, name);
      if (unset === undefined) continue;
      mapDelete(this.#unset, name);
      if (unset.before === undefined) reflectDeleteProperty(realmGlobal, name);
      else reflectDefineProperty(realmGlobal, name, unset.before);
      append(left, { name, isKept: unset.before !== undefined });
    }
    this.#lexical = bareList();
    return left;
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

  #declareLexical(name: string): void {
    if (this.#reserved.has(name)) return;
    const before = reflectGetOwnPropertyDescriptor(realmGlobal, name);
    const unset = this.#unset;
    const get = (): never => {
      throw new ReferenceErrorConstructor(`Cannot access '${name}' before initialization`);
    };
    const set = (value: unknown): void => {
      mapDelete(unset, name);
      defineValue(realmGlobal, name, value);
    };
    if (
      !reflectDefineProperty(realmGlobal, name, bare({ get, set, enumerable: false, configurable: true }))
    ) {
      throw new TypeErrorConstructor(refusalToDeclare(name));
    }
    mapSet(unset, name, { before: before === undefined ? before : bare(before) });
  }
}
