/**
 * A `fetch` that reports the head of the response and each chunk of its body. A body whose reader has read
 * enough is read to its end all the same: that frees the connection for the next request, where cancelling
 * would close it.
 */
export function livelyFetch(alive: () => void): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await globalThis.fetch(input, init);
    alive();
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(livelyBody(response.body.getReader(), alive), { status, statusText, headers });
  };
}

function livelyBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  alive: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      alive();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      // Not awaited: who has read enough does not wait for the rest, and an abort of the request ends it.
      readToEnd(reader).catch(() => undefined);
    },
  });
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (;;) if ((await reader.read()).done) return;
}
