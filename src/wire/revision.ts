/**
 * Pure. The revisions of the protocol as data: differences between them are traits in this table,
 * never a date compared elsewhere.
 * @see https://modelcontextprotocol.io/specification/versioning
 */

export type Era = "legacy" | "modern";

export interface RevisionTraits {
  readonly revision: string;
  readonly era: Era;
  /** A POST body may be an array (2025-03-26 basic/index, Batching). */
  readonly batches: boolean;
  /** An event with an id and empty data may open a stream (2025-11-25 basic/transports, SEP-1699). */
  readonly primingEvent: boolean;
  /** Elicitation in URL mode exists. */
  readonly urlElicitation: boolean;
}

/** The newest revision with an `initialize` handshake. */
export const LATEST_LEGACY = "2025-11-25";
/** The newest revision without one. */
export const LATEST_MODERN = "2026-07-28";

const TABLE: readonly RevisionTraits[] = [
  legacy("2024-10-07", {}),
  legacy("2024-11-05", {}),
  legacy("2025-03-26", { batches: true }),
  legacy("2025-06-18", {}),
  legacy("2025-11-25", { primingEvent: true, urlElicitation: true }),
  {
    revision: LATEST_MODERN,
    era: "modern",
    batches: false,
    primingEvent: false,
    urlElicitation: true,
  },
];

function legacy(revision: string, traits: Partial<RevisionTraits>): RevisionTraits {
  return {
    revision,
    era: "legacy",
    batches: false,
    primingEvent: false,
    urlElicitation: false,
    ...traits,
  };
}

/** What a Streamable HTTP client speaks that names no revision (2025-06-18 basic/transports). */
export const ASSUMED_REVISION = "2025-03-26";

/** Traits of a revision that this program knows. */
export function traitsOf(revision: string): RevisionTraits | undefined {
  return TABLE.find((row) => row.revision === revision);
}

/** Every legacy revision, oldest first. */
export function legacyRevisions(): readonly string[] {
  return TABLE.filter((row) => row.era === "legacy").map((row) => row.revision);
}

/** True for a revision with an `initialize` handshake. */
export function isLegacy(revision: string): boolean {
  return traitsOf(revision)?.era === "legacy";
}

/** True for the modern revisions, also those that are not known here yet. */
export function namesModernEra(revision: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(revision) && revision >= LATEST_MODERN;
}

/** The revision that a legacy client which asked for `requested` is told (2025-11-25 basic/lifecycle). */
export function negotiateLegacy(requested: string | undefined): string {
  return requested !== undefined && isLegacy(requested) ? requested : LATEST_LEGACY;
}
