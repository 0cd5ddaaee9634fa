/**
 * The protocol engine writes its notices to the console, some of them while it is being loaded (it
 * does not know this runtime, which is pinned here and tested against). They become events.
 */
import type { Emit } from "../kernel/event.ts";

const NOTICE = /^oidc-provider (?:NOTICE|WARNING): /;
/** Said at every start, and of no use to anybody who runs the program. */
const EXPECTED = /Unsupported runtime|SSRF protection/;

let isQuiet = false;

/** From here on notices of the engine go into the log; everything else is left as it is. */
export function quietEngineNotices(emit: Emit): void {
  if (isQuiet) return;
  isQuiet = true;
  for (const method of ["info", "warn"] as const) {
    const write = console[method].bind(console);
    console[method] = (...values: unknown[]): void => {
      const [first] = values;
      if (typeof first !== "string" || !NOTICE.test(first)) write(...values);
      else if (!EXPECTED.test(first)) {
        const message = `authorization server: ${first.replace(NOTICE, "")}`;
        emit({ kind: "gateway.notice", level: "WARNING", message });
      }
    };
  }
}
