import type { Client } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";

/** The second reply takes the amounts for numbers as they stand: "1.234,50" becomes 1.234. */
const ROOT = [
  "const lines = CONTEXT.read(0, CONTEXT.info().characters).trim().split('\\n'); print(lines.length, lines[0]);",
  "const amounts = lines.map((line) => Number.parseFloat(line.split(';')[1]));",
  "const notes = await wait(delegate('check', 'Say in one word how ' + amounts.length + ' amounts look.'));",
  "done({ total: amounts.reduce((a, b) => a + b, 0), note: notes[0] });",
];

/** A stand-in for a model. Its code is run for real. */
export function scriptedModel(asked: (who: string) => void): Client {
  return scriptedClient(({ agentId, turn }) => {
    asked(`${agentId}, reply ${turn + 1}`);
    const code = agentId === "root" ? ROOT[turn] : "done('plausible');";
    return `\`\`\`repl\n${code}\n\`\`\``;
  });
}
