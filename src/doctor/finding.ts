/** Pure. What the doctor says: one finding a line, with what to do where something is not right. */

/** `ok`, `warning`: works for some, `wrong`: will not work, `skipped`: could not be looked at. */
export type Level = "ok" | "warning" | "wrong" | "skipped";

/** Where on the way from outside in, in the order of the way. */
export type Step =
  | "address"
  | "connection"
  | "challenge"
  | "resource"
  | "issuer"
  | "registration"
  | "authorize"
  | "token"
  | "handshake"
  | "tools"
  | "call";

export interface Finding {
  readonly step: Step;
  readonly level: Level;
  /** What was seen. */
  readonly text: string;
  /** What to do; undefined where nothing is to be done. */
  readonly advice?: string;
}

/** All is well with this step. */
export function ok(step: Step, text: string): Finding {
  return { step, level: "ok", text };
}

/** Something that only some clients, or only later, will stumble over. */
export function warning(step: Step, text: string, advice: string): Finding {
  return { step, level: "warning", text, advice };
}

/** Something that keeps clients out. */
export function wrong(step: Step, text: string, advice: string): Finding {
  return { step, level: "wrong", text, advice };
}

/** Something that could not be looked at. */
export function skipped(step: Step, text: string, advice?: string): Finding {
  return { step, level: "skipped", text, ...(advice === undefined ? {} : { advice }) };
}

/** A value of the other side as it can be shown: quoted, on one line, not endless. */
export function shown(value: unknown, maxCharacters = 200): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
