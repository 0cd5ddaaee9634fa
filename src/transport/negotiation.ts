/**
 * Pure. Accept and Content-Type of MCP requests, by media type and not by substring.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 */

export interface Accepted {
  readonly json: boolean;
  readonly sse: boolean;
}

const BOTH: Accepted = { json: true, sse: true };
/** What every SDK client sends, in either order. */
const USUAL = new Set([
  "application/json, text/event-stream",
  "text/event-stream, application/json",
  "application/json,text/event-stream",
]);

/** Which of the two answer forms the client takes; a missing header takes anything. */
export function readAccept(header: string | null): Accepted {
  if (header === null || USUAL.has(header)) return BOTH;
  let json = false;
  let sse = false;
  for (const part of header.toLowerCase().split(",")) {
    const [range = "", ...parameters] = part.split(";").map((one) => one.trim());
    if (parameters.some((one) => /^q=0(\.0*)?$/.test(one))) continue;
    if (range === "*/*" || range === "application/*" || range === "application/json") json = true;
    if (range === "*/*" || range === "text/*" || range === "text/event-stream") sse = true;
  }
  return { json, sse };
}

/** True for `application/json` with any parameters. */
export function isJsonContent(header: string | null): boolean {
  if (header === null) return false;
  if (header === "application/json") return true;
  return (header.split(";")[0] ?? "").trim().toLowerCase() === "application/json";
}
