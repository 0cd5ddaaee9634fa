/**
 * What goes before an incarnation: its command may have to be made possible first, by installing
 * what it starts. Settles exactly once, at once when it is given up.
 */
import type { ChildCommand, InstanceOptions } from "./model.ts";

/** What a preparation tells its instance; one of them, once. */
export interface PreparationEvents {
  /** What it throws is told to `onRefused`: the command could not be started. */
  readonly onReady: (command: ChildCommand) => void;
  readonly onRefused: (thrown: unknown) => void;
  readonly onGivenUp: () => void;
}

/** One preparation; nothing happens before `begin`. */
export class Preparation {
  readonly #prepare: NonNullable<InstanceOptions["prepare"]>;
  readonly #events: PreparationEvents;
  readonly #giveUp = new AbortController();
  #isPending = false;

  constructor(prepare: NonNullable<InstanceOptions["prepare"]>, events: PreparationEvents) {
    this.#prepare = prepare;
    this.#events = events;
  }

  /** True from `begin` until it is settled. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Asks for the command; one that is there at once is told before this returns. */
  begin(): void {
    this.#isPending = true;
    let command: ChildCommand | Promise<ChildCommand>;
    try {
      command = this.#prepare(this.#giveUp.signal);
    } catch (thrown) {
      this.#refuse(thrown);
      return;
    }
    if (command instanceof Promise) command.then(this.#start, this.#refuse);
    else this.#start(command);
  }

  readonly #start = (command: ChildCommand): void => {
    if (!this.#isPending) return;
    this.#isPending = false;
    try {
      this.#events.onReady(command);
    } catch (thrown) {
      this.#events.onRefused(thrown);
    }
  };

  readonly #refuse = (thrown: unknown): void => {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.#events.onRefused(thrown);
  };

  /** Nobody waits for it any more; no effect once it has settled. */
  giveUp(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.#giveUp.abort(new Error("nobody waits for the start any more"));
    this.#events.onGivenUp();
  }
}
