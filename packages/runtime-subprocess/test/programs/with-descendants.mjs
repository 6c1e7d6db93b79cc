// A server whose code got out and started processes: in its group, out of its group, and out of its family.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const { SERVER, PIDS } = process.env;
const forever = ["-e", "setInterval(() => {}, 1000)"];
const near = spawn(process.execPath, forever, { stdio: "inherit" });
const leader = spawn(process.execPath, forever, { detached: true, stdio: "inherit" });
const bare = spawn(process.execPath, forever, { detached: true, stdio: "inherit", env: {} });
const orphanFile = `${PIDS}.orphan`;
writeFileSync(orphanFile, "");
const orphaning = `const { spawn } = require("node:child_process");
  const orphan = spawn(process.execPath, ${JSON.stringify(forever)}, { detached: true, stdio: "ignore" });
  require("node:fs").writeFileSync(${JSON.stringify(orphanFile)}, String(orphan.pid)); process.exit(0);`;
spawn(process.execPath, ["-e", orphaning], { stdio: "ignore" }).once("exit", async () => {
  const pids = {
    near: near.pid,
    leader: leader.pid,
    bare: bare.pid,
    orphan: Number(readFileSync(orphanFile, "utf8")),
  };
  writeFileSync(PIDS, JSON.stringify(pids));
  await import(SERVER);
});
