// The sandbox's side: a process with one REPL for each connection. It runs where the code may run.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { javascriptLanguage } from "@rlmflow/repl";

const [path = "sandbox.sock"] = process.argv.slice(2);
const { file } = javascriptLanguage.server;
// What holds the code in goes here: limits as flags, and in front of all bwrap, systemd-run, unshare, …
const program = process.execPath;
const args = ["--max-old-space-size=64", file, "--fd", "3", "--time-ms", "1000"];

const server = createServer((socket) => {
  // Frames have descriptor 3 to themselves: whatever code writes to its stdout and stderr goes nowhere.
  const repl = spawn(program, args, { env: {}, stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const frames = repl.stdio[3];
  if (!(frames instanceof Socket)) throw new TypeError("Descriptor 3 is no socket.");
  socket.pipe(frames).pipe(socket);
  // The runtime closes its end when it wants the REPL gone, whatever the REPL is doing.
  socket.on("close", () => repl.kill("SIGKILL"));
  for (const end of [socket, frames, repl]) end.on("error", () => socket.destroy());
});
rmSync(path, { force: true }); // left behind by a server that was killed
server.listen(path, () => console.log(`listening on ${path}`));
