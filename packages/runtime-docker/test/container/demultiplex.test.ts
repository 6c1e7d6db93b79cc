import { describe, expect, test } from "vitest";
import { demultiplex } from "../../src/container/demultiplex.ts";

function framed(kind: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** Output and errors of bytes that arrive in pieces of this size. */
async function parted(bytes: Buffer, size: number): Promise<{ output: string; errors: string }> {
  async function* pieces() {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const errors: Uint8Array[] = [];
  const output = await Array.fromAsync(demultiplex(pieces(), (piece) => errors.push(piece)));
  return { output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() };
}

describe("a stream of output and errors", () => {
  const bytes = Buffer.concat([
    framed(1, "one "),
    framed(2, "oh "),
    framed(1, ""),
    framed(1, "twö "),
    framed(2, "no"),
    framed(1, "three"),
  ]);

  test.each([1, 2, 3, 7, 8, 9, 13, 1000])("is parted when it comes in pieces of %d bytes", async (size) => {
    expect(await parted(bytes, size)).toEqual({ output: "one twö three", errors: "oh no" });
  });

  test("keeps what had come when it is cut", async () => {
    expect(await parted(bytes.subarray(0, 10), 100)).toEqual({ output: "on", errors: "" });
  });

  test("is refused when it is none", async () => {
    await expect(parted(Buffer.from("HTTP/1.1 200 OK\r\n"), 100)).rejects.toMatchObject({
      code: "protocol_violation",
      message: "The Docker engine sent a stream that is not multiplexed.",
    });
  });
});
