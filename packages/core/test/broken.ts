import { expect } from "vitest";

/** What is thrown where this does not hold. */
export const broken = (what: string): unknown =>
  expect.objectContaining({ code: "protocol_violation", details: { invariant: what } });
