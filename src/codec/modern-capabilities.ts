/**
 * Pure. What a modern client declares with each request. It holds for that request only: nothing
 * is remembered from one to the next.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/schema#clientcapabilities
 */
import { canonical } from "./client-capabilities.ts";

export interface ModernCapabilities {
  readonly sampling: boolean;
  readonly elicitationForm: boolean;
  readonly elicitationUrl: boolean;
  readonly roots: boolean;
  /** Names of the declared extensions, sorted. */
  readonly extensions: readonly string[];
  /** Canonical JSON of all that was declared; equal declarations have equal text. */
  readonly declared: string;
}

const KNOWN = ["sampling", "elicitation", "roots", "extensions", "experimental"] as const;

/**
 * Reads the JSON text of a declaration. A member that is null counts as absent, since some
 * serializers write every field.
 * @returns in words what is wrong with a text that is no declaration.
 */
export function readModernCapabilities(text: string): ModernCapabilities | string {
  const value = parse(text);
  if (!isObject(value)) return "must be an object";
  for (const key of KNOWN) {
    if (!isAbsent(value[key]) && !isObject(value[key])) return `"${key}" must be an object`;
  }
  const extensions = isObject(value["extensions"]) ? value["extensions"] : {};
  const elicitation = value["elicitation"];
  return {
    sampling: isObject(value["sampling"]),
    elicitationForm: isObject(elicitation) && offersForms(elicitation),
    elicitationUrl: isObject(elicitation) && isObject(elicitation["url"]),
    roots: isObject(value["roots"]),
    extensions: Object.keys(extensions)
      .filter((name) => isObject(extensions[name]))
      .sort(),
    declared: canonical(value),
  };
}

/** True for a client that can be asked anything. */
export function canAsk(capabilities: ModernCapabilities): boolean {
  const { sampling, elicitationForm, elicitationUrl, roots } = capabilities;
  return sampling || elicitationForm || elicitationUrl || roots;
}

/** Named, or no mode named at all: `{}` is what clients said before there were two modes. */
function offersForms(elicitation: Record<string, unknown>): boolean {
  return isObject(elicitation["form"]) || Object.values(elicitation).every(isAbsent);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON inside, in a message too long to be checked: no declaration, as for any other type.
    return undefined;
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
