// The promise a guest gets for a call.
//
// A native promise whose own `constructor` is a getter: `await`, `then`, `Promise.all` and `resolve` all
// read that property before they use the promise, so reading it is what using it means. It stays a real
// promise (`instanceof Promise`), and its rejection always counts as handled, for it is reported by index.
import {
  bare,
  defineValue,
  ignore,
  PromiseConstructor,
  react,
  reflectDefineProperty,
} from "../realm/primordials.ts";

/** Whether anybody has used a promise. Several calls may share one. */
export interface Use {
  used: boolean;
}

/** A promise for a guest, and what the evaluator holds of it. */
export interface CallPromise<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that marks `use` when it is used. */
export function callPromise<T>(use: Use): CallPromise<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (reason: unknown) => void = ignore;
  const promise = new PromiseConstructor<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  defineValue(promise, "constructor", undefined, false);
  react(promise, undefined, ignore);
  const get = (): PromiseConstructor => {
    use.used = true;
    return PromiseConstructor;
  };
  reflectDefineProperty(promise, "constructor", bare({ get, enumerable: false, configurable: false }));
  return { promise, resolve, reject };
}
