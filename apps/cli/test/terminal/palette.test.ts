import { describe, expect, it } from "vitest";
import { type ColorSituation, palette, wantsColor } from "../../src/terminal/palette.ts";

const CASES: readonly (readonly [what: string, situation: Partial<ColorSituation>, wanted: boolean])[] = [
  ["a terminal", {}, true],
  ["no terminal", { isTerminal: false }, false],
  ["a dumb terminal", { environment: { TERM: "dumb" } }, false],
  ["NO_COLOR", { environment: { NO_COLOR: "1" } }, false],
  ["an empty NO_COLOR", { environment: { NO_COLOR: "" } }, true],
  [
    "FORCE_COLOR over NO_COLOR",
    { environment: { NO_COLOR: "1", FORCE_COLOR: "1" }, isTerminal: false },
    true,
  ],
  ["FORCE_COLOR=0", { environment: { FORCE_COLOR: "0" } }, false],
  ["the flag over FORCE_COLOR", { flag: "never", environment: { FORCE_COLOR: "1" } }, false],
  ["the flag over NO_COLOR", { flag: "always", environment: { NO_COLOR: "1" }, isTerminal: false }, true],
];

describe("wantsColor", () => {
  it.each(CASES)("decides for %s", (_, situation, wanted) => {
    expect(wantsColor({ flag: "auto", environment: {}, isTerminal: true, ...situation })).toBe(wanted);
  });
});

describe("palette", () => {
  it("paints only when enabled", () => {
    expect(palette(true).red("x")).toBe("\u001b[31mx\u001b[39m");
    expect(palette(false).red("x")).toBe("x");
  });
});
