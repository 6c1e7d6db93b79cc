import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options[] = [
  { ...library({ index: "src/index.ts" }), clean: ["!host.*"] },
  // One file that imports nothing but Node: a sandbox process may read no other.
  { ...library({ host: "src/host.ts" }), clean: false, splitting: false },
];

export default options;
