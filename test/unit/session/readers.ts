/**
 * A reader of an event stream for tests: keeps what was written, can be gone, and reports the data
 * of its events by the rules of the HTML standard, not by ours.
 */
import type { EventWriter } from "../../../src/session/replay-stream.ts";

export interface SeenEvent {
  readonly id: string | undefined;
  readonly data: unknown;
}

export class Reader implements EventWriter {
  ended = false;
  /** Events that it still takes; then it is gone. */
  patience = Number.POSITIVE_INFINITY;
  readonly #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.patience <= 0) return false;
    this.patience--;
    this.#chunks.push(bytes);
    return true;
  }

  end(): void {
    this.ended = true;
  }

  get events(): SeenEvent[] {
    const text = this.#chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
    return text
      .split("\n\n")
      .filter((block) => block !== "")
      .map((block) => {
        const fields = new Map(
          block
            .split("\n")
            .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
        );
        return { id: fields.get("id"), data: JSON.parse(fields.get("data") ?? "null") as unknown };
      });
  }

  /** `id=method` of each event; answers show their id and how they ended. */
  get story(): string[] {
    return this.events.map(({ id, data }) => {
      const { method, id: of, error } = data as { method?: string; id?: unknown; error?: object };
      const what =
        method ?? `${JSON.stringify(of) ?? "?"} ${error === undefined ? "result" : "error"}`;
      return `${id ?? "-"}=${what}`;
    });
  }
}
