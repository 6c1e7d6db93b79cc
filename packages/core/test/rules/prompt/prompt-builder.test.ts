import { describe, expect, test } from "vitest";
import { PromptBuilder } from "../../../src/index.ts";
import { agentView } from "./agent-view.ts";

const three = new PromptBuilder().section("a", "A").section("b", "B").section("c", "C");

describe("a prompt builder", () => {
  test("puts sections behind each other, an empty line between them", () => {
    expect(three.names).toEqual(["a", "b", "c"]);
    expect(three.render(agentView())).toBe("A\n\nB\n\nC");
  });

  test("never changes: every method gives a new one", () => {
    three.section("a", "other");
    three.remove("b");
    three.before("a", "x", "X");
    three.after("c", "y", "Y");
    expect(three.render(agentView())).toBe("A\n\nB\n\nC");
    expect(Object.isFrozen(three)).toBe(true);
  });

  test("changes a section in its place and adds others where they are wanted", () => {
    const changed = three.section("b", "other").before("b", "x", "X").after("b", "y", "Y").section("z", "Z");
    expect(changed.names).toEqual(["a", "x", "b", "y", "c", "z"]);
    expect(changed.remove("a").render(agentView())).toBe("X\n\nother\n\nY\n\nC\n\nZ");
  });

  test("leaves out sections that an agent can't use", () => {
    const builder = three
      .section("b", (agent) => (agent.canDelegate ? "Delegate." : null))
      .section("c", () => "  \n");
    expect(builder.render(agentView())).toBe("A\n\nDelegate.");
    expect(builder.render(agentView({ canDelegate: false }))).toBe("A");
  });

  test("says which sections there are when one is named that is not, or is there already", () => {
    expect(() => three.remove("q")).toThrow('The prompt has no section "q". Sections: a, b, c.');
    expect(() => three.before("q", "x", "X")).toThrow('no section "q"');
    expect(() => three.after("q", "x", "X")).toThrow('no section "q"');
    expect(() => three.after("a", "b", "X")).toThrow(
      'has a section "b" already; change it with section("b", …)',
    );
  });
});
