/**
 * The commands `restart`, `stop` and `start`, each for one server.
 */
import type { AdminClient } from "./admin-client.ts";
import { oneLine } from "./columns.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";

interface SteeredServer {
  readonly slug: string;
  readonly state: string;
  readonly pid?: number;
  readonly error?: string;
}

/** Does it and prints what came of it. @returns 1 when the server is not as wanted. @throws CommandFailure */
export async function steerServer(
  client: AdminClient,
  what: "restart" | "stop" | "start",
  options: {
    readonly server: string;
    readonly json: boolean;
    readonly print: (text: string) => void;
  },
): Promise<number> {
  const { server, json, print } = options;
  const path = `/admin/servers/${encodeURIComponent(server)}/${what}`;
  const status = (await client.json(path, { method: "POST" })) as SteeredServer;
  const wanted = what === "stop" ? ["stopped"] : ["ready", "idle"];
  const isWanted = wanted.includes(status.state);
  const text = isWanted ? asText(status) : coded("SERVER_STATE", asText(status));
  print(`${json ? JSON.stringify(status, null, 2) : text}\n`);
  return isWanted ? EXIT.stopped : EXIT.bug;
}

function asText({ slug, state, pid, error }: SteeredServer): string {
  const process = pid === undefined ? "" : `, pid ${pid}`;
  return oneLine(`${slug}: ${state}${process}${error === undefined ? "" : ` (${error})`}`);
}
