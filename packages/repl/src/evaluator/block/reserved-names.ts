// The names every block finds: tools, CONTEXT, print and the rest.
//
// Owns: accessors on the global object that nobody can redefine. Invariants: (1) at the start of a block
// each name has its own value, whatever earlier blocks assigned; (2) within a block it can be shadowed.
import {
  append,
  bare,
  bareList,
  MapConstructor,
  mapClear,
  mapGet,
  mapSet,
  realmGlobal,
  reflectDefineProperty,
  SetConstructor,
  setAdd,
  setHas,
} from "../realm/primordials.ts";

interface Shadow {
  readonly value: unknown;
}

/** The reserved names of one realm. */
export class ReservedNames {
  readonly #names = new SetConstructor<PropertyKey>();
  readonly #shadows = new MapConstructor<string, Shadow>();
  #shadowed: string[] = bareList();

  /** Puts a value under a name for good. */
  install(name: string, value: unknown): void {
    setAdd<PropertyKey>(this.#names, name);
    const shadows = this.#shadows;
    const get = (): unknown => {
      const shadow = mapGet(shadows, name);
      return shadow === undefined ? value : shadow.value;
    };
    const set = (next: unknown): void => {
      if (mapGet(shadows, name) === undefined) append(this.#shadowed, name);
      mapSet(shadows, name, { value: next });
    };
    reflectDefineProperty(realmGlobal, name, bare({ get, set, enumerable: false, configurable: false }));
  }

  /** True for a name that is installed. */
  has(name: PropertyKey): boolean {
    return setHas(this.#names, name);
  }

  /** Forgets what blocks assigned. */
  restore(): void {
    mapClear(this.#shadows);
    this.#shadowed = bareList();
  }

  /** Hands out, once, the names that code has assigned to since `restore`. */
  takeShadowed(): readonly string[] {
    const names = this.#shadowed;
    this.#shadowed = bareList();
    return names;
  }
}
