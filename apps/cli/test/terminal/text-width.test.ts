import { describe, expect, it } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { clip, columns, pad } from "../../src/terminal/text-width.ts";

describe("clip", () => {
  it("leaves a line that fits", () => {
    expect(clip("abc", 3)).toBe("abc");
    expect(clip("日本", 4)).toBe("日本");
  });

  it("cuts by columns, not by characters", () => {
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(clip("日本語", 4)).toBe("日…");
    expect(clip("日本語", 5)).toBe("日本…");
    expect(clip("abcdef", 4, "...")).toBe("a...");
  });

  it("keeps what belongs together together", () => {
    expect(clip("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 5)).toBe("👨‍👩‍👧👨‍👩‍👧…");
  });

  it("gives nothing where there is no room", () => {
    expect(clip("abc", 0)).toBe("");
    expect(clip("abc", -1)).toBe("");
    expect(clip("abcdef", 2, "...")).toBe("");
  });

  it.each(["x".repeat(300_000), "日".repeat(300_000)])(
    "reads no more of a long line than it needs",
    async (line) => {
      const spent = await processorMs(() => {
        for (let round = 0; round < 100; round += 1) expect(columns(clip(line, 80))).toBeLessThanOrEqual(80);
      });
      expect(spent).toBeLessThan(5_000);
    },
  );
});

describe("pad", () => {
  it("fills up to the width and never cuts", () => {
    expect(pad("日", 4)).toBe("日  ");
    expect(pad("abc", 2)).toBe("abc");
  });
});
