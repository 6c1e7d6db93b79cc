import type { PayloadStore } from "../../protocols/store.ts";

/** The same payloads for one store: every use first asks whether it may still be made. */
export function guardedPayloads(payloads: PayloadStore, assertOpen: () => void): PayloadStore {
  const guarded = async <T>(use: () => Promise<T>): Promise<T> => {
    assertOpen();
    return use();
  };
  return {
    putBlob: (text) => guarded(() => payloads.putBlob(text)),
    getBlob: (digest) => guarded(() => payloads.getBlob(digest)),
    putContext: (text) => guarded(() => payloads.putContext(text)),
    openContext: (digest) => guarded(() => payloads.openContext(digest)),
  };
}
