export { python } from "./python.ts";
export { pythonLanguage } from "./python-language.ts";
