import {
  callUnknown,
  defineMethods,
  defineValue,
  isExtensible,
  ownValue,
  realmGlobal,
  TypeErrorConstructor,
} from "./primordials.ts";

const RealmObject: object = Object;
const RealmReflect: object = Reflect;

/**
 * Keeps code from closing the global object by accident: top-level names of every later block are its properties.
 * The way through a Proxy stays open; {@link refusalToDeclare} names what happened then.
 */
export function keepGlobalOpen(): void {
  const guarded = (name: string): ((target: unknown) => unknown) => {
    const original = ownValue(RealmObject, name);
    const method = (target: unknown): unknown => {
      if (target !== realmGlobal) return callUnknown(original, RealmObject, [target]);
      throw new TypeErrorConstructor(
        `Object.${name} cannot be used on globalThis: later blocks declare their names there`,
      );
    };
    defineValue(method, "name", name, false);
    return method;
  };
  defineMethods(RealmObject, {
    freeze: guarded("freeze"),
    seal: guarded("seal"),
    preventExtensions: guarded("preventExtensions"),
  });
  const preventExtensions = ownValue(RealmReflect, "preventExtensions");
  defineMethods(RealmReflect, {
    preventExtensions: (target: unknown): unknown =>
      target === realmGlobal ? false : callUnknown(preventExtensions, RealmReflect, [target]),
  });
}

/** Why a name cannot be declared. */
export function refusalToDeclare(name: string): string {
  return isExtensible(realmGlobal)
    ? `${name} cannot be declared: choose another name`
    : `${name} cannot be declared: globalThis was closed to new names, which cannot be undone; work with the names there are`;
}
