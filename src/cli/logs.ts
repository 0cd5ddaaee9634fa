/**
 * The command `logs`: the last lines of the log of a server, or of all, and what follows.
 */
import { failureOf, type AdminClient } from "./admin-client.ts";
import { oneLine } from "./columns.ts";
import { readEvents } from "./read-events.ts";

export interface LogsOptions {
  /** Undefined for all servers and the gateway itself. */
  readonly server: string | undefined;
  /** Goes on until interrupted or until the gateway stops. */
  readonly follow: boolean;
  readonly lines: number;
  readonly json: boolean;
  readonly print: (text: string) => void;
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly server: string | null;
  readonly text: string;
}

/** Prints them. @throws CommandFailure */
export async function showLogs(client: AdminClient, options: LogsOptions): Promise<number> {
  const { server, follow, lines, json, print } = options;
  const base = server === undefined ? "/admin/logs" : `/admin/logs/${encodeURIComponent(server)}`;
  const path = `${base}?lines=${lines}`;
  const show = (line: Line): void => print(json ? `${JSON.stringify(line)}\n` : asText(line));
  if (!follow) {
    const answer = (await client.json(path)) as { readonly lines: readonly Line[] };
    answer.lines.forEach(show);
    return 0;
  }
  const response = await client.open(`${path}&follow=1`, {}, Infinity);
  if (response.status !== 200 || response.body === null) {
    throw failureOf(await response.text(), response.status);
  }
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "line") show(JSON.parse(data) as Line);
  }
  return 0;
}

function asText({ time, level, server, text }: Line): string {
  return `${time} ${level.padEnd(7)} [${server ?? "gateway"}] ${oneLine(text)}\n`;
}
