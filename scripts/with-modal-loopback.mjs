// Runs a command against a stand-in of Modal's server on this machine, for who has no account:
// `node scripts/with-modal-loopback.mjs pnpm --filter license-audit start --runtime modal`.
// The stand-in runs sandboxes as plain processes: it isolates nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startLoopbackProcess } from "../packages/runtime-modal/test/loopback-process.ts";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("Usage: node scripts/with-modal-loopback.mjs <command> [arguments]");
  process.exit(2);
}
const loopback = await startLoopbackProcess();
const env = { ...process.env, ...loopback.environment };
const child = spawn(command, args, { stdio: "inherit", env });
const [code] = await once(child, "exit");
await loopback.stop();
process.exit(code ?? 1);
