import { describe, expect, it } from "vitest";
import { cutMiddle } from "../../src/rules/cut-output.ts";

describe("cutMiddle", () => {
  it("leaves a text that fits alone", () => {
    expect(cutMiddle("abc", 3)).toEqual({ text: "abc", shown: 3, total: 3 });
    expect(cutMiddle("", 0)).toEqual({ text: "", shown: 0, total: 0 });
  });

  it("keeps both ends and says how much is left out", () => {
    const { text, shown, total } = cutMiddle(`start${"x".repeat(1000)}end`, 100);
    expect(text.startsWith("startx")).toBe(true);
    expect(text.endsWith("xend")).toBe(true);
    expect(total).toBe(1008);
    expect(text).toContain(`\n… ${1008 - shown} of 1008 characters left out here …\n`);
    expect(text.replace(/\n….*…\n/, "")).toHaveLength(shown);
  });

  it.each([0, 1, 2, 5, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 60, 99, 500, 999])(
    "never gives more than %i characters",
    (max) => {
      const cut = cutMiddle("0123456789".repeat(100), max);
      expect(cut.text.length).toBeLessThanOrEqual(max);
      expect(cut.shown).toBeLessThanOrEqual(cut.text.length);
      expect(cut.shown).toBeLessThan(cut.total);
    },
  );

  it("keeps the beginning alone where the note does not fit", () => {
    expect(cutMiddle("abcdefgh", 3)).toEqual({ text: "abc", shown: 3, total: 8 });
  });

  it("takes a negative limit as none at all", () => {
    expect(cutMiddle("abc", -5)).toEqual({ text: "", shown: 0, total: 3 });
  });

  it.each(Array.from({ length: 40 }, (_, index) => index + 3))(
    "never splits a surrogate pair (limit %i)",
    (max) => {
      for (const text of ["😀".repeat(200), `a${"😀".repeat(200)}`]) {
        const cut = cutMiddle(text, max + 60);
        expect(cut.text.isWellFormed()).toBe(true);
        expect(cutMiddle(text, max).text.isWellFormed()).toBe(true);
        expect(cut.text.length).toBeLessThanOrEqual(max + 60);
      }
    },
  );

  it("keeps nothing of a pair that alone is over the limit", () => {
    expect(cutMiddle("😀😀", 1)).toEqual({ text: "", shown: 0, total: 4 });
  });
});
