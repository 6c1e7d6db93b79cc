import type { TransportSamples } from "../sample-programs.ts";

/** JavaScript that tries what a transport must withstand. */
export const transportSamples: TransportSamples = {
  sendsBack: "await echo(await echo(0));",
  forges: (lines) =>
    [
      `const lines = ${JSON.stringify(lines)};`,
      'for (const line of lines) { print(line); console.error(line); console.log("\\n" + line); }',
      'print("end");',
    ].join("\n"),
  reaches: (variable, file) =>
    [
      "const attempt = (what) => { try { return what() ?? null; } catch { return null; } };",
      `const environment = attempt(() => process.env[${JSON.stringify(variable)}]) ?? attempt(() => globalThis[${JSON.stringify(variable)}]);`,
      `const text = attempt(() => require("node:fs").readFileSync(${JSON.stringify(file)}, "utf8"));`,
      "print(JSON.stringify({ process: attempt(() => process.pid), environment, file: text !== null, engine: null }));",
    ].join("\n"),
};
