import { RLMError } from "@rlmflow/core";

/** Settles as the promise does, or rejects with `runtime_failed` after that many milliseconds. */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new RLMError("runtime_failed", `${what} took longer than ${milliseconds} ms`));
  }, milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
