import { describe, expect, test } from "vitest";
import { processorMs } from "../../../test/processor-time.ts";
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, MalformedFrame } from "../src/frame.ts";
import { replyKinds, requestKinds } from "../src/wire.ts";

const TEXTS = ["", "x", '{"a":"ü€😀"}', "\ufeffbom", "y".repeat(70_000)];

function encoded(text: string, session = 1): Buffer {
  const bytes = encodeFrame(requestKinds.start, session, text);
  if (!bytes) throw new Error("too long");
  return bytes;
}

describe("FrameReader", () => {
  test("joins frames however the bytes were cut", () => {
    const bytes = Buffer.concat(TEXTS.map((text, index) => encoded(text, index + 1)));
    for (const size of [1, 2, 3, 8, 9, 10, 13, 4096, 65_536, bytes.length]) {
      const reader = new FrameReader(requestKinds);
      const texts: string[] = [];
      const sessions: number[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const frame of reader.push(bytes.subarray(at, at + size))) {
          expect(frame.kind).toBe("start");
          texts.push(frame.text);
          sessions.push(frame.session);
        }
      }
      expect(texts).toEqual(TEXTS);
      expect(sessions).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test("joins frames that were cut at random places", () => {
    const bytes = Buffer.concat(TEXTS.map((text) => encoded(text)));
    for (let round = 0; round < 200; round += 1) {
      const reader = new FrameReader(requestKinds);
      const texts: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + ((round * 7919 + at * 104_729) % 9000);
        for (const frame of reader.push(bytes.subarray(at, at + size))) texts.push(frame.text);
        at += size;
      }
      expect(texts).toEqual(TEXTS);
    }
  });

  test("costs time linear in a frame that comes a byte at a time", async () => {
    const reader = new FrameReader(requestKinds);
    const bytes = encoded("z".repeat(300_000));
    let frames = 0;
    const spent = await processorMs(() => {
      for (let at = 0; at < bytes.length; at += 1)
        for (const _ of reader.push(bytes.subarray(at, at + 1))) frames += 1;
    });
    expect(frames).toBe(1);
    expect(spent).toBeLessThan(5000);
  });

  test.each([
    [
      "a length beyond the cap",
      Buffer.from([255, 255, 255, 255, 0, 0, 0, 1, replyKinds.activation]),
      "4294967295 bytes",
    ],
    ["an unknown kind", Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 99]), "kind 99"],
    ["a kind of the other direction", encoded("{}"), "kind 3"],
    [
      "text that is not UTF-8",
      Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, replyKinds.activation, 0xff]),
      "not UTF-8",
    ],
    ["plain output", Buffer.from("Error: something went wrong\n"), "bytes"],
  ])("refuses %s", (_, bytes, message) => {
    const reader = new FrameReader(replyKinds);
    expect(() => [...reader.push(bytes)]).toThrow(MalformedFrame);
    expect(() => [...new FrameReader(replyKinds).push(bytes)]).toThrow(message);
  });

  test("takes a frame of just the cap, and none longer is made", () => {
    const text = "m".repeat(MAX_FRAME_BYTES);
    const frames = [...new FrameReader(requestKinds).push(encoded(text))];
    expect(frames.map((frame) => frame.text.length)).toEqual([MAX_FRAME_BYTES]);
    expect(encodeFrame(requestKinds.start, 1, `${text}m`)).toBeNull();
    expect(encodeFrame(requestKinds.start, 1, "€".repeat(MAX_FRAME_BYTES / 3 + 1))).toBeNull();
  });
});
