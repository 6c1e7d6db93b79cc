/** One event of an event stream, or text in the body that belongs to none. */
export type StreamPart =
  | { readonly kind: "event"; readonly name: string; readonly lines: readonly string[] }
  | { readonly kind: "stray"; readonly text: string };

const FIELD = /^(data|event|id|retry)(?::|$)/;

/**
 * The events of a body according to the HTML standard: comments and events without data are dropped, and lines may end
 * in LF, CR or CRLF. Two additions: the last event needs no blank line after it, and lines that are not part of an event
 * stream are passed on, because a server that failed may have written the reason there.
 */
export async function* eventStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamPart> {
  let name = "";
  let lines: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (lines.length > 0) yield { kind: "event", name, lines };
      name = "";
      lines = [];
      continue;
    }
    if (line.startsWith(":")) continue;
    const field = FIELD.exec(line)?.[1];
    const value = field === undefined ? "" : line.slice(field.length + 1).replace(/^ /, "");
    if (field === undefined) yield { kind: "stray", text: line };
    else if (field === "data") lines.push(value);
    else if (field === "event") name = value;
  }
  if (lines.length > 0) yield { kind: "event", name, lines };
}

/** Lines that end in LF, CR or CRLF, however the body was cut into chunks. Linear in the body. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let heldReturn = "";
  for await (const bytes of body) {
    let text = heldReturn + decoder.decode(bytes, { stream: true });
    // The LF of a CRLF may be in the next chunk.
    heldReturn = text.endsWith("\r") ? "\r" : "";
    if (heldReturn !== "") text = text.slice(0, -1);
    const lines = text.split(/\r\n|\r|\n/);
    for (const line of lines.slice(0, -1)) {
      yield pending.length === 0 ? line : pending.join("") + line;
      pending = [];
    }
    pending.push(lines.at(-1) ?? "");
  }
  const last = pending.join("") + decoder.decode();
  if (last !== "") yield last;
}
