/**
 * Pure. Addresses that are reached from this machine only.
 */

const IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** True for a bind address that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || name === "[::1]" || IPV4.test(name);
}

const ANYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]"]);

/** The host by which this machine is called when no public name is configured, as URLs write it. */
export function localName(host: string): string {
  if (isLoopback(host) || ANYWHERE.has(host)) return "localhost";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
