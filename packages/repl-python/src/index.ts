export { pythonKernel } from "./python-kernel.ts";
export { pythonLanguage } from "./python-language.ts";
