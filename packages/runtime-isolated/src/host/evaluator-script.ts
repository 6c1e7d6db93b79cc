import type ivm from "isolated-vm";

/** The name the evaluator's own frames have in stack traces. */
const FILENAME = "rlmflow:evaluator";

/** What `produceCachedData` adds, which isolated-vm's own types leave out. */
type CachingScript = ivm.Script & { readonly cachedData?: ivm.ExternalCopy<ArrayBuffer> };

/** The evaluator as isolates run it: parsed once, every later isolate starts from V8's cached code. */
export class EvaluatorScript {
  readonly #source: string;
  #cachedData: ivm.ExternalCopy<ArrayBuffer> | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  /** The script, ready to run in a context of this isolate. */
  async compile(isolate: ivm.Isolate): Promise<ivm.Script> {
    const cachedData = this.#cachedData;
    if (cachedData) return isolate.compileScript(this.#source, { filename: FILENAME, cachedData });
    const options = { filename: FILENAME, produceCachedData: true };
    const script: CachingScript = await isolate.compileScript(this.#source, options);
    this.#cachedData = script.cachedData;
    return script;
  }
}
