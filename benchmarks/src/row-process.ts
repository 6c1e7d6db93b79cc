// Measures one row, so that no row finds the heap or the compiled code of another: row-process.ts <id> <runs> <quick>.
import { sendResult } from "./fresh-process.ts";
import { rows } from "./rows.ts";

const [id, runs, quick] = process.argv.slice(2);
const row = rows.find((candidate) => candidate.id === Number(id));
if (row === undefined) throw new TypeError(`There is no row ${id}.`);
sendResult(await row.measure({ runs: Number(runs), quick: quick === "quick" }));
