/**
 * Which era a server speaks, and in which it is opened for a client (protocol.md 2.3, 9.5, 9.7).
 *
 * Owns the verdict of this run. A serving process is never asked: it opens with `initialize`, and a
 * throw-away process behind it is asked the modern question, once; a refusal that names the modern
 * revision says the rest. Kept between runs for a day.
 */
import type { ServerConfig } from "../config/model.ts";
import type { EraVerdict } from "../upstream/era-probe.ts";
import { isModernRefusal } from "../upstream/era-verdict.ts";
import { HandshakeRefused } from "../upstream/handshake.ts";
import type { Era } from "../wire/revision.ts";

interface Verdict {
  readonly modern: boolean;
  readonly legacy?: boolean;
}

export interface KeptVerdicts {
  readonly verdict: Verdict | undefined;
  keepVerdict(verdict: Verdict): void;
}

export class Eras {
  readonly #server: ServerConfig;
  readonly #kept: KeptVerdicts;
  readonly #probe: () => Promise<EraVerdict>;
  #probed = false;
  /** The last verdict of this run: an expired one holds until the server was asked anew. */
  #last: Verdict | undefined;

  constructor(server: ServerConfig, kept: KeptVerdicts, probe: () => Promise<EraVerdict>) {
    this.#server = server;
    this.#kept = kept;
    this.#probe = probe;
  }

  /** The era to open the server in for a client of that era. */
  choose(client: Era): Era {
    const { era } = this.#server;
    if (era !== "auto") return era;
    const verdict = this.#verdict();
    if (verdict === undefined) return "legacy";
    if (verdict.legacy === false) return "modern";
    return client === "modern" && verdict.modern ? "modern" : "legacy";
  }

  #verdict(): Verdict | undefined {
    const verdict = this.#kept.verdict;
    if (verdict === undefined) {
      if (this.#last !== undefined) this.#ask();
      return this.#last;
    }
    this.#last = verdict;
    return verdict;
  }

  /** A legacy connection is ready: now the modern question may be asked, elsewhere. */
  legacyReady(): void {
    if (this.#server.era === "auto" && this.#kept.verdict === undefined) this.#ask();
  }

  #ask(): void {
    if (this.#probed) return;
    this.#probed = true;
    this.#probe().then(
      ({ modern, isCertain }) => {
        if (!isCertain) return;
        const isModernOnly = modern && this.#last?.legacy === false;
        this.#kept.keepVerdict({ modern, legacy: !isModernOnly });
        this.#probed = false;
      },
      () => {
        // The probe says itself what went wrong; the server stays what it is taken for, legacy.
        this.#probed = false;
      },
    );
  }

  /** True when a refused handshake says that the server is modern only, which is then known. */
  learnsModernOnly(error: unknown): boolean {
    if (!(error instanceof HandshakeRefused) || this.#server.era !== "auto") return false;
    if (!isModernRefusal(error.payload)) return false;
    this.#kept.keepVerdict({ modern: true, legacy: false });
    return true;
  }
}
