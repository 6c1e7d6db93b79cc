import { charCodeAt, imul } from "./primordials.ts";

/** A source of numbers in [0, 1) that depends on the text alone (sfc32, seeded by a 128-bit hash of it). */
export function seededRandom(text: string): () => number {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 0xdeadbeef;
  for (let i = 0; i < text.length; i += 1) {
    const unit = charCodeAt(text, i);
    a = imul(a ^ unit, 597_399_067);
    b = imul(b ^ unit ^ (a >>> 15), 2_869_860_233);
    c = imul(c ^ unit ^ (b >>> 13), 951_274_213);
    d = imul(d ^ unit ^ (c >>> 17), 2_716_044_179);
  }
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 16; i += 1) next();
  return next;
}
