import { describe, expect, it } from "vitest";
import { withoutReasoning } from "../../src/rules/reasoning.ts";

describe("withoutReasoning", () => {
  it("leaves a reply without sections as it is, its line ends made plain", () => {
    expect(withoutReasoning("a\r\n\r\nb")).toEqual({ text: "a\n\nb", endsInside: false });
  });

  it("puts a blank line where a section stood, so that no paragraph runs on", () => {
    expect(withoutReasoning("a\n<think>b</think>\nc").text).toBe("a\n\n\nc");
  });

  it("drops all before a closing tag whose section began with the reply", () => {
    expect(withoutReasoning("draft\nmore</think>answer").text).toBe("answer");
  });

  it("drops all before the last closing tag where several stand alone", () => {
    expect(withoutReasoning("a</think>\nb\n</thinking>c").text).toBe("c");
  });

  it("closes a section only by its own name", () => {
    expect(withoutReasoning("<thinking>a</think>b</thinking>c").text.trim()).toBe("c");
  });

  it("keeps tags that stand in a complete fence", () => {
    const text = "```\n<think>\n</think>\n```";
    expect(withoutReasoning(text)).toEqual({ text, endsInside: false });
  });

  it("keeps an opening tag that is never closed when text precedes it", () => {
    const text = "text\n<think>\nmore";
    expect(withoutReasoning(text)).toEqual({ text, endsInside: false });
  });

  it.each([
    ["<think>\ndraft\n```repl\na\n```</think>\n```repl\nb\n```"],
    ["<thinking>\n~~~\na\n~~~ </thinking>\n```repl\nb\n```"],
    ["<think>hm\n```</think>\n```repl\nb\n```"],
    ["draft\n```repl\na\n```</think>\n```repl\nb\n```"],
    ["<think>\n```repl\na\n```</think>```repl\nb\n```"],
  ])("%j ends its section at the tag behind the fence", (reply) => {
    const { text, endsInside } = withoutReasoning(reply);
    expect({ text: text.trim(), endsInside }).toEqual({ text: "```repl\nb\n```", endsInside: false });
  });

  it("leaves a fence with a tag behind it as it was where no section ends", () => {
    const text = "````repl\ns = `\n```</think>\n`\n````";
    expect(withoutReasoning(text).text).toBe(text);
  });

  it.each(["<think>", "  <thinking>\nplan", "\n\n<reasoning>\n```\nx\n```", "a</think>\n<think>\nb"])(
    "takes all of %j as reasoning",
    (reply) => {
      expect(withoutReasoning(reply)).toEqual({ text: "", endsInside: true });
    },
  );
});
