import { parseScript } from "../../src/language/parse-script.ts";
import { NESTED } from "./nested-code.ts";

// Run in a process whose stack is small: tells what the parser says of code that is nested far too deep.
const answers = Object.entries(NESTED).map(([name, write]) => [name, parseScript(write(40_000))]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
