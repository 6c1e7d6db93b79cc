import type { RepeatSamples } from "../sample-programs.ts";

/** What could differ from REPL to REPL, in Python. */
export const repeatSamples: RepeatSamples = {
  clocks: [
    "import datetime, json, time",
    "utc = datetime.timezone.utc",
    "print(json.dumps([round(time.time() * 1000), time.time_ns() // 1000000, round(datetime.datetime.now().timestamp() * 1000),",
    "    round(datetime.datetime.now(utc).timestamp() * 1000), round(time.monotonic() * 1000)]))",
  ].join("\n"),
  clockCount: 5,
  busy: "for number in range(300000):\n    number ** 0.5",
  draw: "import json, random\nprint(json.dumps([random.random() for _ in range(5)]))",
  program: [
    [
      "import datetime, os, random, re, secrets, time, uuid",
      "draws = [random.random() for _ in range(3)] + [secrets.token_hex(4), str(uuid.uuid4()), os.urandom(2).hex()]",
      'handles = [delegate(name, "q", context=CONTEXT.slice(0, 3)) for name in ["a", "b"]]',
      "calls = [lookUp(draws, time.time()), echo(1), echo(2)]",
      "every = await asyncio.gather(*handles, *calls, return_exceptions=True)",
      "print(every, draws, datetime.datetime.now(), VARIABLES(), {'b', 'a', 'c'}, hash('text'))",
      "class K: pass",
      "things = [{1: {'a': [1]}}, set('ab'), re.compile('x'), 10**30, lambda: 1, K, K(), Exception('e'), random.Random().random()]",
      "things",
    ].join("\n"),
    "print(CONTEXT.grep(re.compile('l')), CONTEXT.read(1, 4), sorted(globals()))\necho(9); late = 1; late",
    "syntax = = 1",
    "draws.append(random.random()); every.length.nothing.more",
    "print(draws, sorted([3, 1, 2]), 'ä' < 'z', time.strftime('%c %Z'))",
  ],
  order: [
    "import random",
    "async def draw(number):",
    "    await echo(number)",
    "    print(number, random.random())",
    "await asyncio.gather(*[draw(number) for number in [0, 1]])",
    "None",
  ].join("\n"),
  place: [
    "import datetime, json, locale, sys, time",
    "date = datetime.datetime.fromtimestamp(1700000000)",
    "print(json.dumps([time.tzname, time.timezone, date.hour, datetime.datetime(2020, 1, 1).timestamp(), date.astimezone().isoformat(),",
    "    time.strftime('%c %Z', time.localtime(0)), date.strftime('%c %A'), locale.getlocale(), locale.localeconv()['decimal_point'],",
    "    f'{1234567.891:n}', sys.getfilesystemencoding(), locale.getpreferredencoding()]))",
  ].join("\n"),
  globals: "import json\nprint(json.dumps(list(globals())))",
  addsGlobal: "globals()['mine'] = 1",
};
