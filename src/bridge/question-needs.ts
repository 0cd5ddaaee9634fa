/**
 * Pure. Which declared capability a question to a modern client needs, and how its absence is said.
 */
import type { InputKind } from "../codec/input-required.ts";
import type { ModernCapabilities } from "../codec/modern-capabilities.ts";
import type { RootsPolicy } from "../config/model.ts";

/** The capability that a question needs and the client has not declared; undefined when it may be asked. */
export function missingFor(
  kind: NonNullable<InputKind>,
  capabilities: ModernCapabilities,
  roots: RootsPolicy,
): string | undefined {
  switch (kind) {
    case "sampling":
      return capabilities.sampling ? undefined : "sampling";
    case "elicitation":
      return capabilities.elicitationForm ? undefined : "elicitation";
    case "elicitation-url":
      return capabilities.elicitationUrl ? undefined : "elicitation-url";
    case "roots":
      if (roots !== "forward") return "";
      return capabilities.roots ? undefined : "roots";
  }
}

/** What a client must declare for a call to succeed, as `requiredCapabilities` (-32021). */
export function requiredCapabilities(missing: ReadonlySet<string>): object {
  return {
    ...(missing.has("sampling") ? { sampling: {} } : {}),
    ...(missing.has("elicitation") ? { elicitation: {} } : {}),
    ...(missing.has("elicitation-url") ? { elicitation: { url: {} } } : {}),
    ...(missing.has("roots") ? { roots: {} } : {}),
  };
}
