// The sandbox's side: a process with one REPL for each connection. It runs where the code may run.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { javascriptLanguage } from "@rlmflow/repl";

const [address] = process.argv.slice(2);
// What holds the code in is put here: limits as flags, and in front of them bwrap, systemd-run, unshare, …
const command = [
  process.execPath,
  "--max-old-space-size=64",
  javascriptLanguage.server.file,
  "--time-ms",
  "1000",
];

const server = createServer((socket) => {
  const [program = "", ...args] = command;
  // Frames alone travel over stdin and stdout. What code prints otherwise goes to stderr, and nowhere.
  const repl = spawn(program, args, { env: {}, stdio: ["pipe", "pipe", "ignore"] });
  socket.pipe(repl.stdin);
  repl.stdout.pipe(socket);
  // The runtime closes its end when it wants the REPL gone, whatever the REPL is doing.
  socket.on("close", () => repl.kill("SIGKILL"));
  repl.on("error", () => socket.destroy());
  for (const stream of [socket, repl.stdin, repl.stdout]) stream.on("error", () => socket.destroy());
});
server.listen(address, () => console.log(`listening on ${address}`));
