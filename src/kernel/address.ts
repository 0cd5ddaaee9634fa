/**
 * Pure. Addresses that are reached from this machine only.
 */

const IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** True for a bind address that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || name === "[::1]" || IPV4.test(name);
}
