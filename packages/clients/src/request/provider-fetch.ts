import type { RLMError } from "@rlmflow/core";
import type { Answer } from "./server-words.ts";

/** What `fetch` reports about an exchange. */
export interface ExchangeView {
  /** Called for the head of the response and for each chunk of its body. */
  readonly alive: () => void;
  /** Called with the address before anything is sent there. */
  sending(address: string): void;
  /** Makes the failure for an answer that is not a reply. */
  refused(answer: Answer): RLMError;
}

/** How much of an error's body is read: the message is at its beginning, and a web page can be large. */
const ERROR_BODY_BYTES = 64 * 1024;
const MOST_REDIRECTS = 3;

/**
 * The `fetch` of a provider's SDK. For an answer with an error status it reads 64 KiB and throws the failure, so the SDK's
 * own reading of errors plays no part. A redirect is followed only if it keeps the request as it is (307, 308) and stays
 * on the host: a key must not go to another one. A body that the reader cancels is still read to its end, which frees
 * the connection for the next request.
 */
export function providerFetch(view: ExchangeView): typeof globalThis.fetch {
  return async (input, init) => {
    let address = addressOf(input);
    for (let redirects = 0; ; redirects += 1) {
      view.sending(address.href);
      const response = await globalThis.fetch(address.href, { ...init, redirect: "manual" });
      view.alive();
      const { status, headers } = response;
      const next = redirectOf(response, address);
      if (next !== null) {
        await response.body?.cancel();
        if (next.safe && redirects < MOST_REDIRECTS) {
          address = next.to;
          continue;
        }
        throw view.refused({ status, headers, body: "", redirectedTo: next.to.href });
      }
      if (!response.ok) throw view.refused({ status, headers, body: await errorBody(response, view) });
      if (response.body === null) return response;
      const body = await plainBody(response.body.getReader(), view.alive);
      return new Response(body, { status, statusText: response.statusText, headers });
    }
  };
}

function addressOf(input: string | URL | Request): URL {
  return new URL(input instanceof Request ? input.url : String(input));
}

function redirectOf(response: Response, from: URL): { readonly to: URL; readonly safe: boolean } | null {
  const { status, headers } = response;
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null || !URL.canParse(location, from.href)) return null;
  const to = new URL(location, from);
  const upgrade = from.protocol === "http:" && to.protocol === "https:" && from.hostname === to.hostname;
  return { to, safe: (status === 307 || status === 308) && (to.origin === from.origin || upgrade) };
}

/** The text of an error, unpacked if a gateway sent gzip without saying so. */
async function errorBody({ body }: Response, view: ExchangeView): Promise<string> {
  if (body === null) return "";
  const packed = await beginningOf(body, view.alive);
  const unpacked = isGzip(packed)
    ? await beginningOf(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")))
    : packed;
  return new TextDecoder().decode(unpacked.length > 0 ? unpacked : packed);
}

async function beginningOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  alive: () => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    while (bytes < ERROR_BODY_BYTES) {
      const { done, value } = await reader.read();
      alive();
      if (done) break;
      bytes += value.length;
      chunks.push(value);
    }
    reader.cancel().catch(() => undefined);
  } catch {
    // The part of an error that has arrived says more than a broken connection.
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function isGzip(bytes: Uint8Array | undefined): boolean {
  return bytes?.[0] === 0x1f && bytes[1] === 0x8b;
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** The body, unpacked if a gateway sent gzip without saying so. */
async function plainBody(reader: Reader, alive: () => void): Promise<ReadableStream<Uint8Array>> {
  const first = await reader.read();
  alive();
  const lively = livelyBody(first, reader, alive);
  return isGzip(first.value) ? lively.pipeThrough(new DecompressionStream("gzip")) : lively;
}

function livelyBody(
  first: Awaited<ReturnType<Reader["read"]>>,
  reader: Reader,
  alive: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let held: typeof first | null = first;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = held ?? (await reader.read());
      if (held === null) alive();
      held = null;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      // Not awaited: a reader that cancels does not wait for the rest, and an abort of the request ends it.
      readToEnd(reader).catch(() => undefined);
    },
  });
}

async function readToEnd(reader: Reader): Promise<void> {
  for (;;) if ((await reader.read()).done) return;
}
