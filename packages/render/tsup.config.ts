import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = library({ index: "src/index.ts" });

export default options;
