import type { Environment } from "../../protocols/environment.ts";

/**
 * The same environment with a clock that never goes back: where the real one is set back, time goes on
 * from where it was. `from` is the latest time that is on record already.
 */
export function monotonicClock(environment: Environment, from: number = 0): Environment {
  let latest = from;
  let ahead = 0;
  return {
    now() {
      const told = environment.now() + ahead;
      if (told < latest) ahead += latest - told;
      else latest = told;
      return latest;
    },
    randomId: environment.randomId.bind(environment),
    digest: environment.digest.bind(environment),
    sleep: environment.sleep.bind(environment),
  };
}
