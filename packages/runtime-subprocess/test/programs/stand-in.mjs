// Stands in for ssh, kubectl and docker by the name it is called by: does with its arguments what they do, runs the
// command away from its own process group, and carries stdin, stdout, stderr and the exit code.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { basename } from "node:path";

const { HOME, STAND_IN_LOG, STAND_IN_FAULT } = process.env;
const name = basename(process.argv[1]);

/** Where the options end; those that take a value are followed by it. */
function afterOptions(words, withValue) {
  let place = 0;
  while (words[place]?.startsWith("-") && words[place] !== "--")
    place += withValue.includes(words[place]) ? 2 : 1;
  return place;
}

/** ssh joins its words with blanks, and the far side's shell takes them apart again. */
function remoteOfSsh(words) {
  const place = afterOptions(words, ["-o", "-p", "-i", "-l"]);
  return { target: words[place], argv: ["/bin/sh", "-c", words.slice(place + 1).join(" ")], hasInput: true };
}

/** kubectl and docker pass the words on as they are, and stdin only with -i. */
function remoteOfExec([verb, ...words]) {
  if (verb !== "exec") fail(`unknown command "${verb}"`);
  const place = afterOptions(words, ["-n", "--namespace", "-c", "--container", "-u", "-w", "-e"]);
  const argv = words.slice(place + 1);
  const options = words.slice(0, place);
  return {
    target: words[place],
    argv: argv[0] === "--" ? argv.slice(1) : argv,
    hasInput: options.includes("-i"),
  };
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(255);
}

if (STAND_IN_FAULT) fail(STAND_IN_FAULT);
const { target, argv, hasInput } = (name === "ssh" ? remoteOfSsh : remoteOfExec)(process.argv.slice(2));
const remote = spawn(argv[0], argv.slice(1), {
  cwd: HOME,
  env: { PATH: process.env.PATH, HOME },
  detached: true,
  stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
});
appendFileSync(STAND_IN_LOG, `${JSON.stringify({ name, target, pid: remote.pid })}\n`);
if (hasInput) process.stdin.pipe(remote.stdin).on("error", () => {});
remote.stdout.pipe(process.stdout);
remote.stderr.pipe(process.stderr);
remote.once("error", ({ message }) => fail(message));
remote.once("close", (code) => process.exit(code ?? 255));
