/**
 * Pure. The legs of the conformance run: which revision the suite's client speaks, how the server
 * behind the gateway is configured, and how much there must be to pass.
 */

/** One run of the suite through a gateway of its own. */
export interface Leg {
  readonly name: string;
  /** The revision that the suite's client speaks. */
  readonly revision: string;
  /** Further keys of the server's entry. */
  readonly server: object;
  readonly proxy?: object;
  readonly fixtureFlags?: readonly string[];
  /** Scenarios that this leg must refuse, and cleanly. */
  readonly refused?: readonly string[];
  /** How many scenarios there are, so that none can be lost unnoticed. */
  readonly scenarios: ScenarioCount;
  /** The leg without authentication that this one, with a key, must be like in every scenario. */
  readonly like?: string;
}

/** Scenarios that a revision requires, and those that the suite runs beside them. */
export interface ScenarioCount {
  readonly scored: number;
  readonly unscored: number;
}

/** What a server that is shared by all clients cannot ask: it would not know whom. */
const ASK_THE_CLIENT_BACK = [
  "tools-call-sampling",
  "tools-call-elicitation",
  "elicitation-sep1034-defaults",
  "elicitation-sep1330-enums",
];

const OF_2025_11_25: ScenarioCount = { scored: 30, unscored: 3 };
/** Header validation, of standard and of custom headers, and JSON Schema 2020-12. */
const OF_2026_07_28: ScenarioCount = { scored: 37, unscored: 3 };

const OPEN_LEGS: readonly Leg[] = [
  {
    name: "auto",
    revision: "2025-11-25",
    server: { instances: "auto" },
    scenarios: OF_2025_11_25,
  },
  {
    name: "session",
    revision: "2025-11-25",
    server: { instances: "session" },
    scenarios: OF_2025_11_25,
  },
  {
    name: "shared",
    revision: "2025-11-25",
    server: { instances: "shared" },
    refused: ASK_THE_CLIENT_BACK,
    scenarios: OF_2025_11_25,
  },
  {
    // A call that takes a while is answered by an event stream with a priming event, which the
    // scenario of reconnection then looks at; it is content with JSON in the other legs.
    name: "streams",
    revision: "2025-11-25",
    server: { instances: "auto", env: { RECONNECTION_MS: "2500" } },
    proxy: { limits: { lazyStream: "10ms" } },
    scenarios: OF_2025_11_25,
  },
  {
    name: "2025-06-18",
    revision: "2025-06-18",
    server: { era: "legacy" },
    scenarios: { scored: 27, unscored: 0 },
  },
  {
    name: "2025-03-26",
    revision: "2025-03-26",
    server: { era: "legacy" },
    scenarios: { scored: 1, unscored: 0 },
  },
  {
    // A modern server cannot ask by a request, hence results that need input.
    name: "2025-modern",
    revision: "2025-11-25",
    server: { era: "modern" },
    fixtureFlags: ["--mrtr"],
    scenarios: OF_2025_11_25,
  },
  {
    name: "2026-modern",
    revision: "2026-07-28",
    server: { era: "modern" },
    scenarios: OF_2026_07_28,
  },
  {
    name: "2026-legacy-all",
    revision: "2026-07-28",
    server: { era: "legacy", clientCapabilities: "all" },
    scenarios: OF_2026_07_28,
  },
  {
    name: "2026-legacy-match",
    revision: "2026-07-28",
    server: { era: "legacy", clientCapabilities: "match" },
    scenarios: OF_2026_07_28,
  },
];

/** In the order in which they run: all without authentication, then one of each era with it. */
export const LEGS: readonly Leg[] = [
  ...OPEN_LEGS,
  ...["auto", "2026-modern", "2026-legacy-match"].flatMap((like) =>
    OPEN_LEGS.filter(({ name }) => name === like).map((leg) => ({
      ...leg,
      name: `${like}-key`,
      proxy: { ...leg.proxy, auth: { required: true } },
      like,
    })),
  ),
];

/**
 * Scenarios that count for nothing here: they are about extensions (io.modelcontextprotocol/tasks,
 * and skills of SEP-2640), which no revision requires and which the server behind the gateway does
 * not have. The suite runs those of tasks with the set of 2026-07-28, and scores none.
 */
export function isExtension(scenario: string): boolean {
  return /^(tasks|sep-2640)-/.test(scenario);
}
