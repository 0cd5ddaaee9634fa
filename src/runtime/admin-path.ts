/**
 * Pure. Where the admin socket of a gateway is: in its data folder, so that whoever knows the folder
 * finds the gateway.
 */

const NAME = "admin.sock";

/** The path of the socket. */
export function adminSocketPath(dataDir: string): string {
  return `${dataDir.replace(/\/$/, "")}/${NAME}`;
}
