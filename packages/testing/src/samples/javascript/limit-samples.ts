import type { LimitSamples } from "../sample-programs.ts";

/** JavaScript that does not end by itself. */
export const limitSamples: LimitSamples = {
  loop: "for (;;);",
  tasks: "const spin = () => Promise.resolve().then(spin); spin(); await new Promise(() => {});",
  fillsMemory: "const full = []; for (;;) full.push(new Array(100000).fill(full.length + 0.5));",
  recursion: "const deeper = (n) => [deeper(n + 1), n]; deeper(0);",
  loopAfterAnswer: "const value = await echo(1); for (;;) if (value) continue;",
  echoesA: "await echo(a);",
};
