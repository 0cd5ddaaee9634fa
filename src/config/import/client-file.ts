/**
 * Pure. Finds the servers in the configuration files of clients, each in its own form: Claude
 * Desktop, Claude Code, Cursor, VS Code and Windsurf.
 */
import { isRecord, type RawServer } from "./raw-server.ts";

/** How a file writes placeholders, which is all that its kind matters for. */
export type Dialect = "plain" | "braces" | "vscode";

export interface FoundServers {
  /** The program that such files belong to, as people call it. */
  readonly client: string;
  readonly dialect: Dialect;
  readonly servers: readonly RawServer[];
}

/**
 * The servers of a parsed file; undefined when it has no place for servers. The path settles what
 * the content leaves open.
 */
export function serversInFile(value: unknown, path: string): FoundServers | undefined {
  if (!isRecord(value)) return undefined;
  const settings = isRecord(value["mcp"]) ? value["mcp"] : undefined;
  const vscode = isRecord(value["servers"]) ? value["servers"] : settings?.["servers"];
  if (isRecord(vscode)) {
    return { client: "VS Code", dialect: "vscode", servers: entriesOf(vscode, undefined) };
  }
  const own = isRecord(value["mcpServers"]) ? value["mcpServers"] : undefined;
  const projects = isRecord(value["projects"]) ? Object.entries(value["projects"]) : [];
  const inProjects = projects.flatMap(([folder, project]) =>
    isRecord(project) && isRecord(project["mcpServers"])
      ? entriesOf(project["mcpServers"], folder)
      : [],
  );
  if (own === undefined && inProjects.length === 0) return undefined;
  const servers = [...(own === undefined ? [] : entriesOf(own, undefined)), ...inProjects];
  return { ...clientOf(path, projects.length > 0), servers };
}

function entriesOf(block: Record<string, unknown>, folder: string | undefined): RawServer[] {
  return Object.entries(block).map(([name, entry]) => ({ name, entry, folder }));
}

function clientOf(path: string, hasProjects: boolean): Pick<FoundServers, "client" | "dialect"> {
  const name = path.replaceAll("\\", "/").toLowerCase();
  if (hasProjects || /(^|\/)\.mcp\.json$|\.claude\.json$/.test(name))
    return { client: "Claude Code", dialect: "braces" };
  if (name.includes("/.cursor/")) return { client: "Cursor", dialect: "vscode" };
  if (name.includes("windsurf")) return { client: "Windsurf", dialect: "vscode" };
  return { client: "Claude Desktop", dialect: "plain" };
}
