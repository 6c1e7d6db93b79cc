import { describe, expect, it } from "vitest";
import { LiveScreen } from "../../src/terminal/live-screen.ts";

const ESC = String.fromCharCode(0x1b);
const SEQUENCE_OR_CHARACTER = new RegExp(`${ESC}\\[([?\\d]*[A-Za-z])|([^${ESC}])`, "g");

/** What a terminal shows after all that was written, as far as the live screen uses one. */
class Terminal {
  readonly rows: string[] = [""];
  row = 0;
  column = 0;
  cursor = "shown";
  written = 0;

  write(text: string): void {
    this.written += text.length;
    for (const [, sequence, plain] of text.matchAll(SEQUENCE_OR_CHARACTER)) {
      if (sequence !== undefined) this.#control(sequence);
      else this.#put(plain ?? "");
    }
  }

  #control(sequence: string): void {
    if (sequence === "?25l") this.cursor = "hidden";
    else if (sequence === "?25h") this.cursor = "shown";
    else if (sequence === "K") this.rows[this.row] = (this.rows[this.row] ?? "").slice(0, this.column);
    else if (sequence === "J")
      this.rows.splice(this.row, Number.POSITIVE_INFINITY, (this.rows[this.row] ?? "").slice(0, this.column));
    else if (/^\d+A$/.test(sequence)) this.row -= Number.parseInt(sequence, 10);
    else throw new Error(`unknown sequence ${sequence}`);
  }

  #put(character: string): void {
    if (character === "\r") this.column = 0;
    else if (character === "\n") {
      this.row += 1;
      this.column = 0;
      this.rows[this.row] ??= "";
    } else {
      const line = (this.rows[this.row] ?? "").padEnd(this.column);
      this.rows[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
      this.column += 1;
    }
  }
}

function screen() {
  const terminal = new Terminal();
  terminal.write("above\n");
  return { terminal, live: new LiveScreen(terminal) };
}

describe("LiveScreen", () => {
  it("draws frames over each other and leaves what is above alone", () => {
    const { terminal, live } = screen();
    live.draw(["one", "two"]);
    live.draw(["one", "2"]);
    expect(terminal.rows).toEqual(["above", "one", "2", ""]);
    live.draw(["1", "2", "three"]);
    expect(terminal.rows).toEqual(["above", "1", "2", "three", ""]);
    live.draw(["x"]);
    expect(terminal.rows).toEqual(["above", "x", ""]);
    live.close();
  });

  it("writes nothing for a frame without a change, and no line that stays the same", () => {
    const { terminal, live } = screen();
    live.draw(["a".repeat(100), "b"]);
    const before = terminal.written;
    live.draw(["a".repeat(100), "b"]);
    expect(terminal.written).toBe(before);
    live.draw(["a".repeat(100), "c"]);
    expect(terminal.written - before).toBeLessThan(20);
    live.close();
  });

  it("hides the cursor while it draws and takes everything away at the end", () => {
    const { terminal, live } = screen();
    live.draw(["a", "b"]);
    expect(terminal.cursor).toBe("hidden");
    live.close();
    expect(terminal.cursor).toBe("shown");
    expect(terminal.rows).toEqual(["above", ""]);
  });

  it("draws anew after it was cleared", () => {
    const { terminal, live } = screen();
    live.draw(["a", "b"]);
    live.clear();
    terminal.write("message\n");
    live.draw(["a", "b"]);
    expect(terminal.rows).toEqual(["above", "message", "a", "b", ""]);
    live.close();
  });

  it("gives the cursor back when the process ends without closing it, and only then", () => {
    const { terminal, live } = screen();
    const before = process.listenerCount("exit");
    live.draw(["a"]);
    expect(process.listenerCount("exit")).toBe(before + 1);
    process.listeners("exit").at(-1)?.(0);
    expect(terminal.cursor).toBe("shown");
    live.close();
    live.close();
    expect(process.listenerCount("exit")).toBe(before);
  });
});
