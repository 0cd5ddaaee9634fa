/**
 * The writing end of a child's stdin. Short texts of one turn of the event loop leave together, large
 * messages in parts; no promise of Bun's is ever left alone.
 */

/** Characters of a text that may wait for the end of the turn, and of all that wait. */
const MAX_SHORT = 16 * 1024;
const MAX_OUTBOX = 64 * 1024;
/** Bytes of a message that are given to Bun at once; it copies what the pipe does not take. */
const PART_BYTES = 256 * 1024;

type Sink = Bun.Subprocess<"pipe", "pipe", "pipe">["stdin"];
type Piece = Uint8Array | string;

export class ChildStdin {
  readonly #sink: Sink;
  readonly #onBroken: (thrown: unknown) => void;
  #outbox = "";
  /** What was sent last still waits for the child to read. */
  #isStalled = false;
  #isOpen = true;
  /** What is left of a large message. */
  #parts: Piece[] = [];
  /** Writers that wait for the kernel; they are let go at the death, whatever the pipe does. */
  readonly #blocked = new Set<() => void>();

  /** @param onBroken told when the child cannot be written to any more */
  constructor(sink: Sink, onBroken: (thrown: unknown) => void) {
    this.#sink = sink;
    this.#onBroken = onBroken;
  }

  /**
   * Writes the pieces of one message. The next one must wait for what this returns.
   * @returns what resolves once the kernel has taken them; undefined when that is so already
   */
  write(pieces: readonly Piece[]): Promise<void> | undefined {
    if (!this.#isOpen) return undefined;
    const [only] = pieces;
    if (pieces.length === 1 && typeof only === "string" && this.#mayWait(only)) {
      if (this.#outbox === "") setImmediate(this.#sendOutbox);
      this.#outbox += only;
      return undefined;
    }
    this.#sendOutbox();
    return pieces.some((piece) => piece.length > PART_BYTES)
      ? this.#writeInParts(pieces)
      : this.#writeNow(pieces);
  }

  /** Ends it. What was written before is still delivered, if the child reads it. */
  close(): void {
    if (this.#isOpen) {
      this.#sendOutbox();
      if (this.#parts.length > 0) this.#writeNow(this.#parts.splice(0))?.catch(this.#failed);
    }
    this.end();
  }

  /** The child is dead: nobody waits for it any more. */
  release(): void {
    this.#isOpen = false;
    for (const release of this.#blocked) release();
    this.#blocked.clear();
  }

  /** Closes the pipe. Idempotent. */
  end(): void {
    this.#isOpen = false;
    try {
      const ended: unknown = this.#sink.end();
      // What it could not deliver is lost with the child; there is nobody to tell.
      if (ended instanceof Promise) ended.catch(() => {});
    } catch {
      // EPIPE, thrown at once: the other end is closed already, which is all that was wanted.
    }
  }

  /** Short texts of one turn of the event loop leave together, unless the child does not read. */
  #mayWait(text: string): boolean {
    const { length } = this.#outbox;
    return !this.#isStalled && text.length <= MAX_SHORT && length <= MAX_OUTBOX;
  }

  readonly #sendOutbox = (): void => {
    const text = this.#outbox;
    if (text === "") return;
    this.#outbox = "";
    if (!this.#isOpen) return;
    const pending = this.#writeNow([text]);
    if (pending === undefined) return;
    this.#isStalled = true;
    const goOn = (): void => {
      this.#isStalled = false;
    };
    pending.then(goOn, goOn);
  };

  async #writeInParts(pieces: readonly Piece[]): Promise<void> {
    this.#parts = pieces.flatMap(partsOf);
    while (this.#isOpen && this.#parts.length > 0) await this.#writeNow(this.#parts.splice(0, 2));
    this.#parts = [];
  }

  #writeNow(pieces: readonly Piece[]): Promise<void> | undefined {
    let last: number | Promise<number> = 0;
    try {
      // Small pieces only fill Bun's buffer: the flush makes one system call of them.
      for (const piece of pieces) {
        const taken = this.#sink.write(piece);
        if (typeof taken === "object") taken.catch(this.#failed);
      }
      last = this.#sink.flush();
    } catch (thrown) {
      this.#failed(thrown);
      return undefined;
    }
    return typeof last === "object" ? this.#settled(last) : undefined;
  }

  #settled(flushed: Promise<number>): Promise<void> {
    return new Promise((resolve) => {
      const release = (): void => {
        this.#blocked.delete(release);
        resolve();
      };
      this.#blocked.add(release);
      flushed.then(release, (thrown: unknown) => {
        this.#failed(thrown);
        release();
      });
    });
  }

  readonly #failed = (thrown: unknown): void => {
    // EPIPE: the child closed its stdin, most likely because it is ending; its exit tells the rest.
    this.#isOpen = false;
    this.#onBroken(thrown);
  };
}

function partsOf(piece: Piece): Piece[] {
  if (typeof piece === "string" || piece.length <= PART_BYTES) return [piece];
  const parts: Piece[] = [];
  for (let at = 0; at < piece.length; at += PART_BYTES) {
    parts.push(piece.subarray(at, at + PART_BYTES));
  }
  return parts;
}
