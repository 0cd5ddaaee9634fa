/**
 * Pure. Addresses that are reached from this machine only.
 */

/** True for a bind address that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || name === "[::1]" || name.startsWith("127.");
}
