/**
 * The command `tools`: the tools of a server, as its clients see them.
 */
import type { AdminClient } from "./admin-client.ts";
import { columns } from "./columns.ts";

/** What is used of a tool. */
export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: {
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
}

/** All tools of a server; starts it when it must. @throws CommandFailure */
export async function listedTools(
  client: AdminClient,
  server: string,
): Promise<readonly ListedTool[]> {
  const answer = (await client.json(`/listtools/${encodeURIComponent(server)}`)) as {
    readonly response: { readonly result: { readonly tools: readonly ListedTool[] } };
  };
  return answer.response.result.tools;
}

/** Prints them. @throws CommandFailure */
export async function showTools(
  client: AdminClient,
  server: string,
  { json, print }: { readonly json: boolean; readonly print: (text: string) => void },
): Promise<number> {
  const tools = await listedTools(client, server);
  if (json) print(`${JSON.stringify(tools, null, 2)}\n`);
  else print(columns(tools.map((tool) => [tool.name, parametersOf(tool), firstLine(tool)])));
  return 0;
}

/** `path, [depth]`: names of the parameters, those in brackets can be left out. */
function parametersOf({ inputSchema }: ListedTool): string {
  const required = new Set(inputSchema?.required ?? []);
  const names = Object.keys(inputSchema?.properties ?? {});
  return names.map((name) => (required.has(name) ? name : `[${name}]`)).join(", ");
}

function firstLine({ description }: ListedTool): string {
  const [line = ""] = (description ?? "").trim().split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
