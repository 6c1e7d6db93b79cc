import { parseArgs } from "node:util";
import { type CampaignTotals, crashCampaign } from "./crash-campaign.ts";

/*
 * node crash-test.ts [--kills 200] [--seed 1] [--runtime isolated,local] [--parallel 2] [--verbose]
 * Kills real processes at random moments of real runs, resumes them, and prints what became of all that.
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    runtime: { type: "string", default: "isolated,local" },
    parallel: { type: "string", default: "2" },
    verbose: { type: "boolean", default: false },
  },
});

function report(totals: CampaignTotals): readonly (readonly [string, string, boolean])[] {
  const { runs, finished, equalAnswers } = totals;
  const none = (list: readonly string[]) =>
    list.length === 0 ? "0" : `${list.length}: ${list.slice(0, 5).join(", ")}`;
  return [
    ["kills", String(totals.kills), true],
    ["runs finished", `${finished} of ${runs}`, finished === runs],
    ["nodes lost after they were reported", none(totals.lost), totals.lost.length === 0],
    ["complete replies asked for again", none(totals.askedAgain), totals.askedAgain.length === 0],
    ["requests made twice because they were in flight", `${totals.inFlight} of ${totals.requests}`, true],
    [
      "requests made twice for another reason",
      none(totals.askedTwiceAlive),
      totals.askedTwiceAlive.length === 0,
    ],
    ["calls made twice that must not be", none(totals.repeatedCalls), totals.repeatedCalls.length === 0],
    ["torn last lines found and dropped", String(totals.tornLines), true],
    [
      "answers equal to the undisturbed run",
      equalAnswers === runs ? `all ${runs}` : `${equalAnswers} of ${runs}`,
      equalAnswers === runs,
    ],
  ];
}

const started = performance.now();
const totals = await crashCampaign({
  kills: Number(values.kills),
  seed: Number(values.seed),
  runtimes: values.runtime.split(",").map((name) => (name === "isolated" ? "isolated" : "local")),
  parallel: Number(values.parallel),
  ...(values.verbose && { tell: (line: string) => console.error(line) }),
});
const rows = report(totals);
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value, good] of rows)
  console.log(`${name.padEnd(width)}  ${value}${good ? "" : "   FAILED"}`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`${seconds} s, seed ${values.seed}, runtimes ${values.runtime}`);
process.exitCode = rows.every(([, , good]) => good) ? 0 : 1;
