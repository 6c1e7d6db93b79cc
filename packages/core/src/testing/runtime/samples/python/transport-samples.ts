import type { TransportSamples } from "../sample-programs.ts";

/** Python that tries what a transport must withstand. */
export const transportSamples: TransportSamples = {
  sendsBack: "await echo(await echo(0))",
  forges: (lines) =>
    [
      "import os, sys",
      `lines = ${JSON.stringify(lines)}`,
      "for line in lines:",
      "    print(line)",
      "    print(line, file=sys.stderr)",
      "    for out in (1, 2):",
      "        try: os.write(out, (line + '\\n').encode())",
      "        except OSError: pass",
      "    for stream in (sys.__stdout__, sys.__stderr__):",
      "        try: print(line, file=stream, flush=True)",
      "        except Exception: pass",
      'print("end")',
    ].join("\n"),
  reaches: (variable, file) =>
    [
      "import json, os, platform, sys",
      "def reads():",
      "    try:",
      `        with open(${JSON.stringify(file)}) as opened: return opened.read() != ""`,
      "    except OSError: return False",
      "engine = f'{platform.python_implementation().lower()} {sys.version_info[0]}.{sys.version_info[1]}'",
      `found = {"process": os.getpid(), "environment": os.environ.get(${JSON.stringify(variable)}), "file": reads(), "engine": engine}`,
      "print(json.dumps(found))",
    ].join("\n"),
};
