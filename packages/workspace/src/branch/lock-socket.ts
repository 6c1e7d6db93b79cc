import { closeSync, openSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { systemCode } from "../disk/file-failure.ts";

/*
 * A process that holds a branch listens on a socket in its directory. The kernel answers for it as long as it lives, even
 * while it is stopped, and to every process that can see the directory, also in other PID and network namespaces. Node
 * has no `flock`, and a process id in a file means nothing in another namespace.
 */

/** The answer at the socket of a holder. `refused`: no process on this kernel listens. `unknown`: it can't be checked. */
export type Answer = "answered" | "refused" | "unknown";

/** How long the address of a socket may be, in bytes; the smallest limit of a system is 104. */
const ADDRESS_BYTES = 100;

/** A socket on which this process listens. */
export interface LockSocket {
  readonly name: string;
  close(): Promise<void>;
}

/** Listens on `socket.<nonce>` in the directory; `null` if the file system or the platform does not support that. */
export async function listenIn(directory: string, nonce: string): Promise<LockSocket | null> {
  const name = `socket.${nonce}`;
  const server = createServer((connection) => connection.destroy());
  try {
    await withAddress(directory, name, (path) => listening(server, path));
  } catch (error) {
    // A process that can open no more files can't hold a branch either. Anything else says that there are no sockets here.
    if (systemCode(error) === "EMFILE" || systemCode(error) === "ENFILE") throw error;
    return null;
  }
  server.unref();
  return {
    name,
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      removeSocket(join(directory, name));
    },
  };
}

/** Where a socket can't be removed, say because its directory was replaced by a file, it does no harm: nobody listens on it. */
function removeSocket(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (systemCode(error) === "") throw error;
  }
}

/** Asks whether a process listens on this socket. */
export async function knock(directory: string, name: string): Promise<Answer> {
  try {
    return await withAddress(directory, name, connected);
  } catch {
    // Its address can't be reached from here, whatever the reason: then the other signs decide.
    return "unknown";
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, exclusive: true }, () => {
      // A later error concerns only the process that connects.
      server.off("error", reject).on("error", () => undefined);
      resolve();
    });
  });
}

function connected(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end("answered"));
    socket.once("error", (error) => end(ANSWERS[systemCode(error)] ?? "unknown"));
  });
}

/** A full queue of connections (EAGAIN) belongs to a process that listens. */
const ANSWERS: Readonly<Record<string, Answer>> = { ECONNREFUSED: "refused", EAGAIN: "answered" };

/** The address of a socket must be short: a long path is reached through an open directory, where `/proc` exists. */
async function withAddress<T>(
  directory: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= ADDRESS_BYTES) return await use(path);
  const fd = openSync(directory, "r");
  try {
    return await use(`/proc/self/fd/${fd}/${name}`);
  } finally {
    closeSync(fd);
  }
}
