import { describe, expect, it } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { oneLine, plainText } from "../../src/text/plain-text.ts";

const ESC = "\u001b";

const STRIPPED: readonly (readonly [what: string, text: string, plain: string])[] = [
  ["colours", `${ESC}[31mred${ESC}[0m`, "red"],
  ["cursor movement", `a${ESC}[2J${ESC}[1;1Hb`, "ab"],
  ["a window title", `a${ESC}]0;title\u0007b`, "ab"],
  ["a hyperlink", `${ESC}]8;;http://evil${ESC}\\click${ESC}]8;;${ESC}\\`, "click"],
  ["a write to the clipboard", `a${ESC}]52;c;ZXZpbA==\u0007b`, "ab"],
  ["a command that never ends", `a${ESC}]52;c;ZXZpbA==`, "a"],
  ["a command that another one interrupts", `${ESC}]0;a${ESC}[31mb`, "b"],
  ["the one-byte forms", "a\u009b31mb\u009d0;t\u009cc", "abc"],
  ["a device control string", `a${ESC}Pq#0\u001b\\b`, "ab"],
  ["a reset", `a${ESC}cb`, "ab"],
  ["a lone escape at the end", `a${ESC}`, "a"],
  ["control characters", "a\u0000\u0007\u0008\u007f\u0085b", "ab"],
  ["a carriage return that would overwrite", "good\rbad", "good\nbad"],
  ["Windows line ends", "a\r\nb", "a\nb"],
  ["marks that turn the direction", "a\u202Eb\u2066c\u200Fd", "abcd"],
  ["half a surrogate pair", "a\uD800b", "a\uFFFDb"],
  ["nothing of ordinary text", "naïve 😀 日本\n\tx", "naïve 😀 日本\n\tx"],
];

describe("plainText", () => {
  it.each(STRIPPED)("takes out %s", (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it("leaves no control character but newline and tab, whatever the text", () => {
    const all = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code, 0x1b, code)).join("");
    expect(plainText(all)).not.toMatch(/[^\P{Cc}\n\t]/u);
  });

  it("is linear on a text that is nothing but beginnings", async () => {
    const text = `${ESC}]`.repeat(200_000) + `${ESC}[`.repeat(200_000);
    expect(await processorMs(() => plainText(text))).toBeLessThan(5_000);
  });
});

describe("oneLine", () => {
  it("makes white space single and reads no more than asked", () => {
    expect(oneLine("  a\n\n b\tc  ")).toBe("a b c");
    expect(oneLine("x".repeat(5000), 10)).toBe("xxxxxxxxxx");
  });
});
