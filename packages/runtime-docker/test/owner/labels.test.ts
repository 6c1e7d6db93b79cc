import { decodeIdentity, ownSpace } from "@rlmflow/core/processes";
import { expect, test } from "vitest";
import { isForsaken, ownLabels, PROCESS_LABEL } from "../../src/owner/labels.ts";

const { labels } = ownLabels();
const own = decodeIdentity(JSON.parse(labels[PROCESS_LABEL] ?? "")) ?? expect.fail("no identity");
/** No process has so high a number. */
const dead = { ...own, pid: 2 ** 22 + 1 };
const labelled = (owner: unknown) => ({ ...labels, [PROCESS_LABEL]: JSON.stringify(owner) });

test("what a live process made is not forsaken, and what a dead one made is", () => {
  expect(isForsaken(labels)).toBe(false);
  expect(isForsaken(labelled(dead))).toBe(true);
});

test("of what was made on another machine, in another boot or namespace nothing is known", () => {
  const kernel = ownSpace();
  expect(isForsaken(labelled({ ...dead, host: "elsewhere" }))).toBe(false);
  expect(isForsaken(labelled({ ...dead, kernel: { ...kernel, boot: "another" } }))).toBe(false);
  expect(isForsaken(labelled({ ...dead, kernel: { ...kernel, namespace: "another" } }))).toBe(false);
  expect(isForsaken(labelled({ ...dead, kernel: undefined }))).toBe(false);
});

test.each([null, {}, { [PROCESS_LABEL]: "" }, { [PROCESS_LABEL]: "{" }])("%j says nothing", (given) => {
  expect(isForsaken(given)).toBe(false);
});
