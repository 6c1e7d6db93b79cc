// Swaps `work/swap` (a directory) and `work/single` (a file) for links to the outside and back, as fast as it can.
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const outer = process.argv[2];
const work = join(outer, "work");

function attempt(operation) {
  try {
    operation();
  } catch {} // it is made again
}

/** The tools may have made something at the same moment: it gives way. */
function move(from, to) {
  for (;;) {
    try {
      return renameSync(from, to);
    } catch {
      attempt(() => rmSync(to, { recursive: true, force: true }));
    }
  }
}

function replace(path, make) {
  for (;;) {
    rmSync(path, { force: true });
    try {
      return make();
    } catch {} // again
  }
}

writeFileSync(join(outer, "evil/evil-only"), "SECRET");
symlinkSync(join(outer, "evil"), join(outer, "link"));
process.send("ready");

for (let round = 1; ; round += 1) {
  move(join(work, "swap"), join(outer, "kept"));
  move(join(outer, "link"), join(work, "swap"));
  replace(join(work, "single"), () => symlinkSync("../secret", join(work, "single")));
  move(join(work, "swap"), join(outer, "link"));
  move(join(outer, "kept"), join(work, "swap"));
  replace(join(work, "single"), () => writeFileSync(join(work, "single"), "fine", { flag: "wx" }));
  if (round % 100 === 0) process.send(round);
}
