/**
 * Pure. Where a browser goes after the decision, in words for a person and in those of a policy.
 */

/** `program`: this machine; `app`: whatever has claimed the scheme; `site`: somewhere on the net. */
export interface RedirectTarget {
  readonly kind: "site" | "program" | "app";
  /** What to show in bold. */
  readonly shown: string;
  /** A source for `form-action`. */
  readonly source: string;
}

const SAFE_SOURCE =
  /^(?:https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?|[a-z][a-z0-9+.-]*:)$/;

/** Judges a redirect URI that the engine has let through. @throws TypeError when it is no URL */
export function redirectTarget(redirectUri: string): RedirectTarget {
  const url = new URL(redirectUri);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  const source = isWeb ? url.origin : url.protocol;
  // It becomes a part of a header: what is none of the known forms allows nothing.
  const safeSource = SAFE_SOURCE.test(source) ? source : "";
  if (!isWeb) return { kind: "app", shown: url.protocol, source: safeSource };
  const name = url.hostname.toLowerCase();
  const isHere =
    name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127\./.test(name);
  return { kind: isHere ? "program" : "site", shown: url.host, source: safeSource };
}
