/**
 * Pure. The name that a client gives itself, made fit to be shown to a person.
 */

const MAX_LENGTH = 80;
const NAMELESS = "A program without a name";

/** Control characters, marks that turn text around or hide it, and surplus spaces are taken out. */
export function cleanClientName(name: unknown): string {
  if (typeof name !== "string") return NAMELESS;
  const plain = name
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  const short = [...plain].slice(0, MAX_LENGTH).join("").trim();
  return short === "" ? NAMELESS : short;
}
