/**
 * Pure. How each client is connected to a server, step by step, with what to paste.
 */

export interface ConnectFacts {
  /** The server's name in snippets: its slug. */
  readonly name: string;
  /** Streamable HTTP. */
  readonly mcpUrl: string;
  /** HTTP+SSE. */
  readonly sseUrl: string;
  readonly isAuthOn: boolean;
  /** True when clients in the cloud cannot reach the URL. */
  readonly isLocal: boolean;
}

export interface ClientSteps {
  /** For `--client`. */
  readonly id: string;
  readonly title: string;
  readonly steps: readonly string[];
  /** A command to run or a file's content, or nothing to paste. */
  readonly snippet?: string;
}

const KEY = "mgk_…";

/** All clients, the hosted ones first. */
export function connectSteps(facts: ConnectFacts): readonly ClientSteps[] {
  return [
    claudeAi(facts),
    claudeCode(facts),
    chatGpt(facts),
    vsCode(facts),
    cursor(facts),
    inspector(facts),
    mcpRemote(facts),
    script(facts),
  ];
}

const SIGN_IN = "A page of the gateway opens: sign in, look at who asks for what, allow it.";

function hosted(facts: ConnectFacts, steps: readonly string[]): readonly string[] {
  if (facts.isLocal)
    return [
      "Not with this address: it calls from its own servers, so the gateway needs a public https URL (DOMAIN or PUBLIC_URL).",
    ];
  return [...steps, ...(facts.isAuthOn ? [SIGN_IN] : [])];
}

function claudeAi(facts: ConnectFacts): ClientSteps {
  return {
    id: "claude-ai",
    title: "Claude.ai (web; then also on the phone and in Claude Desktop)",
    steps: hosted(facts, [
      "Settings → Connectors → Add custom connector.",
      `Name: ${facts.name}. Remote MCP server URL: ${facts.mcpUrl}`,
      "Leave the OAuth client id and secret empty; press Add, then Connect.",
    ]),
  };
}

function claudeCode({ name, mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  return {
    id: "claude-code",
    title: "Claude Code",
    steps: isAuthOn
      ? ["Run this, then /mcp in Claude Code and choose Authenticate.", SIGN_IN]
      : ["Run this."],
    snippet: `claude mcp add --transport http ${name} ${mcpUrl}`,
  };
}

function chatGpt(facts: ConnectFacts): ClientSteps {
  return {
    id: "chatgpt",
    title: "ChatGPT",
    steps: hosted(facts, [
      "Settings → Connectors → Advanced → Developer mode on; then Create.",
      `Name: ${facts.name}. MCP server URL: ${facts.mcpUrl}. Authentication: ${facts.isAuthOn ? "OAuth" : "none"}.`,
    ]),
  };
}

function vsCode({ name, mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  return {
    id: "vscode",
    title: "VS Code",
    steps: [
      "Put this into .vscode/mcp.json, or run “MCP: Add Server…” → HTTP with the URL.",
      ...(isAuthOn ? ["Start the server there; VS Code asks to sign in.", SIGN_IN] : []),
    ],
    snippet: json({ servers: { [name]: { type: "http", url: mcpUrl } } }),
  };
}

function cursor({ name, mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  return {
    id: "cursor",
    title: "Cursor",
    steps: [
      "Put this into ~/.cursor/mcp.json (or .cursor/mcp.json of a project).",
      ...(isAuthOn ? ["Press “Needs login” beside the server in Settings → MCP.", SIGN_IN] : []),
    ],
    snippet: json({ mcpServers: { [name]: { url: mcpUrl } } }),
  };
}

function inspector({ mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  const header = isAuthOn ? ` --header "Authorization: Bearer ${KEY}"` : "";
  return {
    id: "inspector",
    title: "MCP Inspector",
    steps: [
      "In its page: transport “Streamable HTTP” and the URL. On the command line:",
      ...(isAuthOn ? ["Make the key with: remote-mcp-proxy key add --note inspector"] : []),
    ],
    snippet: `npx @modelcontextprotocol/inspector --cli ${mcpUrl} --transport http${header} --method tools/list`,
  };
}

function mcpRemote({ name, mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  return {
    id: "mcp-remote",
    title: "Programs that know only stdio, by mcp-remote",
    steps: [
      "Put this into their configuration, such as claude_desktop_config.json.",
      ...(isAuthOn ? [SIGN_IN] : []),
    ],
    snippet: json({
      mcpServers: { [name]: { command: "npx", args: ["-y", "mcp-remote", mcpUrl] } },
    }),
  };
}

function script({ mcpUrl, isAuthOn }: ConnectFacts): ClientSteps {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const header = isAuthOn ? ` -H 'authorization: Bearer ${KEY}'` : "";
  return {
    id: "curl",
    title: "Scripts",
    steps: isAuthOn ? ["Make a key with: remote-mcp-proxy key add --note my-script"] : [],
    snippet: `curl -s ${mcpUrl}${header} -H 'content-type: application/json' -d '${body}'`,
  };
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
