import { expect, test } from "vitest";
import { PieceCache } from "../../src/host/piece-cache.ts";
import { PIECE_CHARACTERS } from "../../src/wire.ts";

const SLOT = PIECE_CHARACTERS * 2;

test("gives back any text as it was put in", () => {
  const cache = new PieceCache(4 * SLOT);
  const texts = [
    "",
    "plain\u0000text",
    "ÿ".repeat(PIECE_CHARACTERS),
    `😀\ud800${"€".repeat(PIECE_CHARACTERS - 3)}`,
  ];
  for (const [index, text] of texts.entries()) cache.put("digest", index, text);
  expect(texts.map((_, index) => cache.get("digest", index))).toEqual(texts);
  expect(cache.get("other", 0)).toBeUndefined();
});

test("the piece that was used longest ago makes room, and no other is touched", () => {
  const cache = new PieceCache(3 * SLOT);
  for (const index of [0, 1, 2]) cache.put("d", index, `piece ${index}`);
  expect(cache.get("d", 0)).toBe("piece 0");
  cache.put("d", 3, "piece 3");
  expect([0, 1, 2, 3].map((index) => cache.get("d", index))).toEqual([
    "piece 0",
    undefined,
    "piece 2",
    "piece 3",
  ]);
  for (let index = 4; index < 100; index += 1) {
    cache.put("d", index, `piece ${index}`);
    expect(cache.get("d", index)).toBe(`piece ${index}`);
    expect(cache.get("d", index - 1)).toBe(`piece ${index - 1}`);
  }
});

test("what is no piece is not kept", () => {
  const cache = new PieceCache(2 * SLOT);
  cache.put("d", 0, "x".repeat(PIECE_CHARACTERS + 1));
  expect(cache.get("d", 0)).toBeUndefined();
});
