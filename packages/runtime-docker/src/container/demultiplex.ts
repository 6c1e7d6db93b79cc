import { RLMError } from "@rlmflow/core";

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * What a container's program writes to its output, out of a stream in which the engine mixes output and errors:
 * pieces after a header of eight bytes, the first of which says which, the last four how long. What goes to the
 * errors is given to `onError`. Pulls as fast as it is pulled from.
 */
export async function* demultiplex(
  stream: AsyncIterable<Uint8Array>,
  onError: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let header = Buffer.alloc(0);
  let left = 0;
  let isError = false;
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER_BYTES) break;
        isError = kindOf(header) === STDERR;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const piece = rest.subarray(0, left);
      left -= piece.length;
      rest = rest.subarray(piece.length);
      if (isError) onError(piece);
      else yield piece;
    }
  }
}

function kindOf(header: Buffer): number {
  const kind = header[0] ?? 0;
  if (kind <= STDERR && header.readUIntBE(1, 3) === 0) return kind;
  throw new RLMError("protocol_violation", "The Docker engine sent a stream that is not multiplexed.");
}
