import { createHash } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";

afterEach(() => void vi.unstubAllGlobals());

const TEXTS = ["", "ü \ud800 \u{1F600}", "x".repeat(300_000), "a\nb"];

/** An environment on a platform without Node's modules. */
function webEnvironment() {
  vi.stubGlobal("process", { env: {} });
  const environment = defaultEnvironment();
  vi.unstubAllGlobals();
  return environment;
}

test.each([
  ["Node", defaultEnvironment],
  ["the web", webEnvironment],
])("the digest on %s is SHA-256 of the text in UTF-8", async (_platform, make) => {
  for (const text of TEXTS)
    expect(await make().digest(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
});

test("a short text is digested at once, a long one beside the program", () => {
  const { digest } = defaultEnvironment();
  expect(digest("short")).toBeTypeOf("string");
  expect(digest("x".repeat(300_000))).toBeInstanceOf(Promise);
});
