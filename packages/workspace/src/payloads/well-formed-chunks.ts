const CHUNK_CHARACTERS = 1 << 18;

/**
 * A text as UTF-8, in chunks of whole characters, halves of surrogate pairs replaced by U+FFFD. A pair that
 * the pieces cut in two is put together; small pieces are gathered.
 */
export async function* wellFormedChunks(
  text: string | AsyncIterable<string>,
): AsyncGenerator<Buffer, void, undefined> {
  let gathered = "";
  for await (const piece of typeof text === "string" ? [text] : text) {
    for (let start = 0; start < piece.length; start += CHUNK_CHARACTERS) {
      gathered += piece.slice(start, start + CHUNK_CHARACTERS);
      if (gathered.length < CHUNK_CHARACTERS) continue;
      const whole = endsInPair(gathered) ? gathered.length - 1 : gathered.length;
      yield Buffer.from(gathered.slice(0, whole).toWellFormed());
      gathered = gathered.slice(whole);
    }
  }
  if (gathered !== "") yield Buffer.from(gathered.toWellFormed());
}

/** Whether the last unit begins a pair whose other half may come. */
function endsInPair(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}
