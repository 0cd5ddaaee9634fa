/**
 * A port that nobody uses at this moment, for the tests that must name one. Below the range from
 * which the system takes ports for connections, so that none of them comes in between.
 */

const LOWEST = 20_000;
const HIGHEST = 32_000;
const MAX_TRIES = 100;

/** @throws Error when every port that was tried is taken */
export function freePort(): number {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
      listener.stop(true);
      return port;
    } catch {
      // taken: the next one
    }
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}
