import { once } from "node:events";
import { connect, type NetConnectOpts } from "node:net";
import type { Runtime } from "@rlmflow/core";
import { type Channel, type ChannelTimes, channelRuntime, lineChannel } from "@rlmflow/repl";

/** Options of {@link socketRuntime}. */
export interface SocketRuntimeOptions {
  /** Where the sandbox server listens: `{ path: "/run/sandbox.sock" }`, or `{ host, port }`. */
  readonly server: NetConnectOpts;
  /** Milliseconds until a REPL is open, and that a block may take without waiting; 30,000 each unless given. */
  readonly times?: Partial<ChannelTimes>;
}

/** A runtime whose REPLs live at the other end of a socket, one connection each. */
export function socketRuntime({ server, times = {} }: SocketRuntimeOptions): Runtime {
  return channelRuntime({
    name: "socket",
    // The least that stands between the code and this host. Say "remote" when yours is always another machine.
    isolation: "process",
    // The Node over there may be another one than ours, so a rebuilt REPL need not be the same to the letter.
    replay: "best-effort",
    times,
    connect: (_spec, signal) => openChannel(server, signal),
  });
}

async function openChannel(server: NetConnectOpts, signal: AbortSignal): Promise<Channel> {
  const socket = connect(server);
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return lineChannel({
    input: socket,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    // A connection is all that there is of a sandbox on this side; the server ends what is behind it.
    async close() {
      socket.destroy();
    },
  });
}
