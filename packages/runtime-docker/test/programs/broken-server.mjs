// Server programs that do not keep to the protocol, each by a name in the environment.
const hello = (protocol) => console.log(JSON.stringify({ type: "hello", protocol, engine: "broken" }));
const stay = () => process.stdin.resume();

const WAYS = {
  garbage: () => {
    console.log("Welcome to the sandbox!");
    stay();
  },
  silence: stay,
  exit: () => {
    console.error("no such module");
    process.exitCode = 3;
  },
  otherProtocol: () => {
    hello(99);
    stay();
  },
  flood: () => {
    const more = () => process.stdout.write("x".repeat(1_000_000), more);
    more();
  },
};

WAYS[process.env.WAY]();
