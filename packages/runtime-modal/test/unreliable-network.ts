import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut, or stop to carry anything while connections stay. */
export class UnreliableNetwork {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ allowHalfOpen: true }, (near) => this.#carry(near));
  #target = 0;
  #frozen = false;

  /** Leads from the port that it gives to `target`. */
  async open(target: number): Promise<number> {
    this.#target = target;
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
    return address.port;
  }

  /** Ends every connection and takes no more. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Carries nothing any more and says nothing of it. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  #carry(near: Socket): void {
    const far = connect(this.#target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
      from.on("data", (bytes) => void to.write(bytes));
      if (this.#frozen) from.pause();
    }
  }
}
