import { WeakMapConstructor, weakMapGet, weakMapSet } from "./primordials.ts";

/** What the evaluator knows of an object it made for guests. */
export interface NativeValue {
  /** How it prints. */
  readonly label: string;
  /** How it prints by itself, where that says more. */
  readonly alone?: string;
  /** The text that crosses in its place; absent when it cannot cross. */
  readonly text?: () => string;
  /** What to do instead of passing it; present when it cannot cross. */
  readonly advice?: string;
}

const natives = new WeakMapConstructor<object, NativeValue>();

/** Brands an object. Brands cannot be forged: they are kept beside the objects. */
export function registerNative(object: object, native: NativeValue): void {
  weakMapSet(natives, object, native);
}

/** The brand of an object, if it has one. */
export function nativeOf(object: object): NativeValue | undefined {
  return weakMapGet(natives, object);
}
