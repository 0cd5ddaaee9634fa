/**
 * Pure. The environment that a child gets: little, so that the gateway's own secrets stay with it.
 *
 * `BUN_*` is never handed down: such variables change what a program that runs on Bun does, and
 * some are the gateway's own (BUN_BE_BUN, BUN_OPTIONS). An entry's `env` may set them. Neither are
 * those by which systemd speaks to the gateway: a server would speak for it.
 */

/** What every child gets of the gateway's environment. */
export const ALWAYS_INHERITED = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"] as const;

const OWN: ReadonlySet<string> = new Set([
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "SYSTEMD_EXEC_PID",
]);

/** The always inherited variables, those that `inherit` adds, then the entry's own. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  inherit: boolean | readonly string[],
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const patterns = typeof inherit === "boolean" ? (inherit ? ["*"] : []) : inherit;
  const wanted = [...ALWAYS_INHERITED, ...patterns].map(namePattern);
  const inherited = Object.entries(env).filter(
    ([name, value]) =>
      value !== undefined &&
      !name.startsWith("BUN_") &&
      !OWN.has(name) &&
      wanted.some((pattern) => pattern.test(name)),
  );
  return Object.fromEntries([...inherited, ...Object.entries(own)]) as Record<string, string>;
}

function namePattern(pattern: string): RegExp {
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/\*+/g, ".*")}$`);
}
