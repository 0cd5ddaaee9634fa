/** Real servers from npm, as a configuration names them, with data of their own. */
export const NPM_SERVERS = {
  memory: {
    command: "npx",
    args: ["-y", "@modelcontextprotocol/server-memory"],
    env: { MEMORY_FILE_PATH: "${SERVER_DATA}/memory.jsonl" },
  },
  files: {
    command: "npx",
    args: ["-y", "@modelcontextprotocol/server-filesystem", "${SERVER_DATA}"],
  },
} as const;
