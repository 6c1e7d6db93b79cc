import { describe, expect, test } from "vitest";
import { lineChannel } from "../../src/index.ts";

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

function channelOf(input: AsyncIterable<Uint8Array>, maxFrameBytes?: number) {
  const written: string[] = [];
  const closed: number[] = [];
  const channel = lineChannel({
    input,
    write: async (bytes) => {
      await new Promise((resolve) => setTimeout(resolve, written.length === 0 ? 20 : 0));
      written.push(Buffer.from(bytes).toString());
    },
    close: async () => {
      closed.push(1);
    },
    ...(maxFrameBytes !== undefined && { maxFrameBytes }),
  });
  return { channel, written, closed };
}

async function received(input: AsyncIterable<Uint8Array>, maxFrameBytes?: number): Promise<string[]> {
  return await Array.fromAsync(channelOf(input, maxFrameBytes).channel.receive());
}

describe("a channel of lines", () => {
  test("joins what was split and splits what was joined", async () => {
    expect(await received(chunks('{"a"', ":1}\n{", '"b":2}\n\n{"c":3}\n'))).toEqual([
      '{"a":1}',
      '{"b":2}',
      '{"c":3}',
    ]);
  });

  test("joins a character that was split at every byte", async () => {
    const bytes = Buffer.from("é\u{1F600}\n");
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await received(chunks(...single))).toEqual(["é\u{1F600}"]);
  });

  test("drops a line without an end", async () => {
    expect(await received(chunks("whole\ntorn"))).toEqual(["whole"]);
  });

  test("refuses a line that is too long, before it is whole", async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(1000, "x");
    };
    await expect(received(endless(), 10_000)).rejects.toThrow("a frame of more than 10000 bytes");
  });

  test("takes a line of 8 MiB in small pieces", async () => {
    const piece = "y".repeat(65_536);
    const [line] = await received(chunks(...Array.from({ length: 128 }, () => piece), "\n"));
    expect(line?.length).toBe(8_388_608);
  });

  test("writes in the order of the calls", async () => {
    const { channel, written } = channelOf(chunks());
    await Promise.all([channel.send("1"), channel.send("2"), channel.send("3")]);
    expect(written).toEqual(["1\n", "2\n", "3\n"]);
  });

  test("closes once and writes nothing after that", async () => {
    const { channel, written, closed } = channelOf(chunks());
    await Promise.all([channel.close(), channel.close()]);
    await expect(channel.send("late")).rejects.toThrow("was closed");
    expect([written, closed]).toEqual([[], [1]]);
  });
});
