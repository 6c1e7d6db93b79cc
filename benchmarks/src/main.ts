import { inFreshProcess } from "./fresh-process.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import type { Finding } from "./row.ts";
import { rows } from "./rows.ts";
import { type Measured, table } from "./table.ts";
import { writeReadme } from "./write-readme.ts";

async function measureAll({ ids, runs, quick }: Options): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const { id, title } of rows.filter((row) => ids.includes(row.id))) {
    const startedAt = performance.now();
    const findings = await inFreshProcess<readonly Finding[]>(
      "row-process.ts",
      id,
      runs,
      quick ? "quick" : "full",
    );
    measured.push({ id, findings, load: describeLoad(), date: `${today()}, ${runs} runs` });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.error(`row ${id}, ${title}: ${seconds} s`);
  }
  return measured;
}

function report(measured: readonly Measured[], { quick }: Options): string {
  const how = `Median of interleaved runs, least and most in brackets; ratios are taken within a run${quick ? "; sizes cut by --quick, so no proof" : ""}.`;
  const load =
    "`load` is the load average of the last minute when the row was done: above 1 to 2, others were at work on the same cores.";
  return [`${describeMachine()}.`, `${how} ${load}`, table(measured)].join("\n\n");
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const text = report(await measureAll(options), options);
  console.log(text);
  if (options.write) await writeReadme(text);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\nUsage: ${USAGE}` : error);
  process.exitCode = 1;
}
