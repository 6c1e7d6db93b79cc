import type { TransportSamples } from "../sample-programs.ts";

/** Python that tries what a transport must withstand. */
export const transportSamples: TransportSamples = {
  sendsBack: "await echo(await echo(0))\nNone",
  forges: (lines) =>
    [
      "import json, os, subprocess, sys",
      `for line in json.loads(${JSON.stringify(JSON.stringify(lines))}):`,
      '    print(line); print(line, file=sys.stderr); sys.__stdout__.write("\\n" + line)',
      "    for descriptor in (0, 1, 2):",
      "        try:",
      "            os.write(descriptor, (line + '\\n').encode())",
      "        except OSError:",
      "            pass",
      '    subprocess.run([sys.executable, "-I", "-S", "-c", "import sys; print(sys.argv[1])", line.replace("\\0", "")])',
      "    if os.fork() == 0:",
      "        os.write(1, (line + '\\n').encode())",
      "        os._exit(0)",
      "    os.wait()",
      'print("end")',
    ].join("\n"),
  reaches: (variable, file) =>
    [
      "import json, os, sys",
      `reached = {"process": os.getpid(), "environment": os.environ.get(${JSON.stringify(variable)}), "file": False}`,
      "try:",
      `    with open(${JSON.stringify(file)}) as opened:`,
      '        reached["file"] = opened.read() is not None',
      "except OSError:",
      "    pass",
      'reached["engine"] = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"',
      "print(json.dumps(reached))",
    ].join("\n"),
};
