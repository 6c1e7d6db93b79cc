// Swaps `work/swap` (a directory) and `work/single` (a file) for links to the outside and back, as fast as it can.
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const outer = process.argv[2];
const work = join(outer, "work");
writeFileSync(join(outer, "evil/evil-only"), "SECRET");
symlinkSync(join(outer, "evil"), join(outer, "link"));
process.send("ready");

for (;;) {
  renameSync(join(work, "swap"), join(outer, "kept"));
  renameSync(join(outer, "link"), join(work, "swap"));
  rmSync(join(work, "single"), { force: true });
  try {
    symlinkSync("../secret", join(work, "single"));
  } catch {} // the tools were faster
  renameSync(join(work, "swap"), join(outer, "link"));
  renameSync(join(outer, "kept"), join(work, "swap"));
  rmSync(join(work, "single"), { force: true });
  try {
    writeFileSync(join(work, "single"), "fine", { flag: "wx" });
  } catch {} // the tools were faster
}
