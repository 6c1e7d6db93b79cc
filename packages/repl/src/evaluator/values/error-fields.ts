import {
  bare,
  defineValue,
  hasOwnKey,
  ownValue,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
} from "../realm/primordials.ts";

const MAX_FIELDS = 20;
/** Properties that are shown elsewhere for every error. */
const SHOWN_ELSEWHERE: Readonly<Record<string, true>> = bare({
  name: true,
  message: true,
  stack: true,
  cause: true,
  errors: true,
  error: true,
  suppressed: true,
});

/** Properties that code added to an error, such as `{ code, status }`, or `null`. Runs no getter; never throws. */
export function ownFields(error: object): object | null {
  try {
    const keys = reflectOwnKeys(error);
    const fields = {};
    let count = 0;
    for (let i = 0; i < keys.length && count < MAX_FIELDS; i += 1) {
      const key = keys[i];
      if (typeof key !== "string" || hasOwnKey(SHOWN_ELSEWHERE, key)) continue;
      if (reflectGetOwnPropertyDescriptor(error, key)?.enumerable !== true) continue;
      defineValue(fields, key, ownValue(error, key));
      count += 1;
    }
    return count === 0 ? null : fields;
  } catch {
    return null;
  }
}
