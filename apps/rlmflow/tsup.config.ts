import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = { ...library({ rlmflow: "src/rlmflow.ts" }), dts: false };

export default options;
