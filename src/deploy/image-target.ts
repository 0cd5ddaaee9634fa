/**
 * Pure. Which image an installation needs: the small one, in which the executable runs JavaScript
 * servers itself, or the full one with node, uv, python and git.
 */

/** Commands that the executable runs by itself. */
const OWN: ReadonlySet<string> = new Set(["npx", "bunx", "node", "bun"]);

export interface ImageChoice {
  readonly target: "distroless" | "full";
  /** Servers that need the full image, with their command. */
  readonly because: readonly { readonly server: string; readonly command: string }[];
}

/** The small image unless a server needs more. */
export function imageFor(
  servers: readonly { readonly name: string; readonly command: string }[],
): ImageChoice {
  const because = servers
    .filter(({ command }) => !OWN.has(command))
    .map(({ name, command }) => ({ server: name, command }));
  return { target: because.length === 0 ? "distroless" : "full", because };
}
