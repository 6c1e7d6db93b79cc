import { expect, test } from "vitest";
import { ChannelPort } from "../src/channel-port.ts";
import { opening, spec } from "./played-sandbox.ts";

test("a second entry while one is under way breaks an invariant, and the first goes on", async () => {
  const times = { openMs: 60_000, wallMs: 60_000 };
  const port = new ChannelPort(
    opening(() => {}),
    spec,
    times,
    "javascript",
  );
  await port.open("{}");
  const first = port.enter("start", "{}", 1);
  expect(() => port.enter("start", "{}", 1)).toThrow(
    expect.objectContaining({
      code: "protocol_violation",
      details: { invariant: "a sandbox has one entry at a time" },
    }),
  );
  await port.dispose();
  expect(await first).toMatchObject({ kind: "lost", blame: "none" });
});
