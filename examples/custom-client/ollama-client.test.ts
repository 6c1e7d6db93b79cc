import { describe, test } from "node:test";
import { type ClientDriver, clientContract } from "@rlmflow/testing";
import { ollamaClient } from "./ollama-client.ts";
import { startServer } from "./ollama-server.ts";

const driver: ClientDriver = {
  unreported: ["cached", "reasoning"],
  exceptions: { "tells the finish reason refused": "Ollama has no word for it" },
  async open(script) {
    const { url, view, stop } = await startServer(script);
    return { client: ollamaClient("test", url), seen: () => view, close: stop };
  },
};

describe("the client keeps the contract", () => {
  for (const { name, run } of clientContract(driver)) test(name, run);
});
