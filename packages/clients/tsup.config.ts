import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = library({
  openai: "src/openai/index.ts",
  anthropic: "src/anthropic/index.ts",
  cached: "src/cached/index.ts",
});

export default options;
