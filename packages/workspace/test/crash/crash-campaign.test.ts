import { expect, test } from "vitest";
import { crashCampaign } from "./crash-campaign.ts";

test("a run that is killed again and again loses nothing and pays nothing twice", {
  timeout: 300_000,
}, async () => {
  const totals = await crashCampaign({ kills: 6, seed: 7, runtimes: ["local", "isolated"], parallel: 1 });
  expect(totals.kills).toBeGreaterThanOrEqual(6);
  expect(totals).toMatchObject({
    finished: totals.runs,
    equalAnswers: totals.runs,
    lost: [],
    askedAgain: [],
    askedTwiceAlive: [],
    repeatedCalls: [],
  });
});
