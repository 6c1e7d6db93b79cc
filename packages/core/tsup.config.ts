import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

const options: Options = {
  ...library({
    index: "src/index.ts",
    store: "src/store.ts",
    driver: "src/driver.ts",
    processes: "src/processes/index.ts",
  }),
  // Whoever installs any package of ours fetches this one. Debuggers show the sources, which its source maps hold.
  minifyWhitespace: true,
};

export default options;
