import type { BlobRef } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { PayloadStore } from "../../protocols/store.ts";

type Context = Awaited<ReturnType<PayloadStore["openContext"]>>;

/** The large values of every run in memory, by digest. */
export class MemoryPayloads implements PayloadStore {
  readonly #digest: Environment["digest"];
  readonly #blobs = new Map<string, string>();
  readonly #contexts = new Map<string, string>();

  constructor(digest: Environment["digest"]) {
    this.#digest = digest;
  }

  async putBlob(text: string): Promise<BlobRef> {
    if (!text.isWellFormed()) {
      throw new RLMError(
        "invalid_options",
        "A blob is JSON text, which has no half of a surrogate pair in it; write the value with JSON.stringify.",
      );
    }
    const digest = await this.#digest(text);
    this.#blobs.set(digest, text);
    return { digest, bytes: new TextEncoder().encode(text).length };
  }

  async getBlob(digest: string): Promise<string> {
    return this.#find(this.#blobs, "blob", digest);
  }

  async putContext(text: string | AsyncIterable<string>): Promise<{ digest: string; characters: number }> {
    let whole = "";
    if (typeof text === "string") whole = text;
    else for await (const piece of text) whole += piece;
    const wellFormed = whole.toWellFormed();
    const digest = await this.#digest(wellFormed);
    this.#contexts.set(digest, wellFormed);
    return { digest, characters: wellFormed.length };
  }

  async openContext(digest: string): Promise<Context> {
    const text = this.#find(this.#contexts, "context", digest);
    return { digest, characters: text.length, read: (start, end) => text.slice(start, end) };
  }

  #find(held: ReadonlyMap<string, string>, what: string, digest: string): string {
    const text = held.get(digest);
    if (text !== undefined) return text;
    throw new RLMError(
      "not_found",
      `There is no ${what} with the digest ${digest} in memory. A graph alone has no payloads: save the run with saveTrace and read it with loadTrace.`,
    );
  }
}
