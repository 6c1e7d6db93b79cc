// Runs a command against a stand-in of Modal's server on this machine, for who has no account:
// `node scripts/with-modal-loopback.mjs pnpm --filter license-audit start --runtime modal`.
// The stand-in runs sandboxes as plain processes: it isolates nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("Usage: node scripts/with-modal-loopback.mjs <command> [arguments]");
  process.exit(2);
}
const serve = join(import.meta.dirname, "../packages/runtime-modal/test/loopback/serve.ts");
const server = spawn(process.execPath, [serve], { stdio: ["pipe", "pipe", "inherit"] });
const lines = [];
for await (const line of createInterface(server.stdout)) if (lines.push(line) === 2) break;
const env = { ...process.env, ...JSON.parse(lines[1] ?? "{}") };
const child = spawn(command, args, { stdio: "inherit", env });
const [code] = await once(child, "exit");
server.stdin.end();
await once(server, "exit");
process.exit(code ?? 1);
