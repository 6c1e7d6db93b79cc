import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = library({
  index: "src/index.ts",
  store: "src/store.ts",
  driver: "src/driver.ts",
  processes: "src/processes/index.ts",
});

export default options;
