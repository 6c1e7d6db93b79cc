import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

// The host is one file that imports nothing but Node: a sandbox process may read no other.
const options: Options = { ...library({ index: "src/index.ts", host: "src/host.ts" }), splitting: false };

export default options;
