import type { PayloadStore } from "../../protocols/store.ts";

/** The same payloads for one store: every use first asks whether it may still be made. */
export function closablePayloads(payloads: PayloadStore, assertOpen: () => void): PayloadStore {
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

/** The same payloads; `failed` is called with every error of the store before the caller gets it. */
export function watchedPayloads(payloads: PayloadStore, failed: (error: unknown) => void): PayloadStore {
  const tell = (error: unknown): never => {
    failed(error);
    throw error;
  };
  return {
    putBlob: (text) => payloads.putBlob(text).catch(tell),
    getBlob: (digest) => payloads.getBlob(digest).catch(tell),
    putContext: (text) => payloads.putContext(text).catch(tell),
    openContext: async (digest) => {
      const context = await payloads.openContext(digest).catch(tell);
      const read = (start: number, end: number) => {
        try {
          return context.read(start, end);
        } catch (error) {
          return tell(error);
        }
      };
      return { ...context, read };
    },
  };
}
