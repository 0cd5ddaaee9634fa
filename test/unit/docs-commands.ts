/**
 * How each command of the documents is known to work: the test that runs it, with a text of that test
 * which shows it (the command itself where nothing else is said), or why none can run it here.
 */

/** A test that runs the command, or the reason why there is none. */
export type Proof =
  | { readonly runBy: string; readonly shows?: string | readonly string[] }
  | { readonly reason: string };

const TYPED = { runBy: "test/integration/cli/documented.test.ts" };
const CLAUDE = "test/system/claude-code.test.ts";
const CLIENTS = "test/system/auth-clients.test.ts";
const START = "test/e2e/start.test.ts";
const ENGINE =
  "needs a container engine; what the image holds and does is in test/system/image.test.ts";
const SYSTEMD =
  "needs systemd as PID 1; the unit is read by systemd in test/system/deploy-systemd.test.ts";
const TUNNEL =
  "needs a tunnel of another company; test/integration/auth/behind-a-tunnel.test.ts stands for it";

const ADMIN = "test/integration/admin/commands.test.ts";
const USER = "test/integration/cli/user.test.ts";
const DOCTOR = "test/integration/doctor/command.test.ts";
const STAGES = "scripts/test.ts";
/** Compose files and rules are really written there; of the engine only what it is asked for is seen. */
const COMPOSE = "test/integration/deploy/deploy.test.ts";
const READS_REPORT = "runs whole stages of the tests and reads their reports; the reading is in";

/**
 * By the command line of a shell block, as it stands in the document: joined to one line, without
 * its comment.
 */
export const COMMANDS: Readonly<Record<string, Proof>> = {
  // README.md
  "npm start": { runBy: "test/e2e/end.test.ts", shows: 'Bun.spawn(["npm", "start"]' },
  "npm test": { runBy: ".ci/run", shows: "count test npm test" },
  [`curl -s http://127.0.0.1:8080/everything/mcp -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}}}'`]:
    TYPED,
  "dist/remote-mcp-proxy check --config servers.json": TYPED,
  "dist/remote-mcp-proxy --config servers.json --port 9000": {
    runBy: "test/e2e/settings.test.ts",
    shows: ["PORT is the port, unless --port says another", "--config beats CONFIG_FILE"],
  },
  "dist/remote-mcp-proxy -- npx -y @modelcontextprotocol/server-memory": {
    runBy: START,
    shows: ['["--", process.execPath', "servers start through npx"],
  },
  'dist/remote-mcp-proxy --stdio "npx -y @modelcontextprotocol/server-memory"': {
    runBy: START,
    shows: ['["--stdio", `', "servers start through npx"],
  },
  'remote-mcp-proxy key add --note "CI" --servers memory --expires 90d': TYPED,
  "remote-mcp-proxy key list": TYPED,
  "remote-mcp-proxy key revoke ID": TYPED,
  "remote-mcp-proxy grant list": TYPED,
  "remote-mcp-proxy grant revoke ID": {
    runBy: "test/integration/auth/protocol.test.ts",
    shows: ['grant("revoke", mine?.id', 'grant("revoke", "--user"'],
  },
  // docs/clients.md
  "claude mcp add --transport http memory https://memory.mcp.example.com/mcp": {
    runBy: CLAUDE,
    shows: '["mcp", "add", "--transport", "http"]',
  },
  "claude mcp login memory": { runBy: CLAUDE, shows: '["mcp", "login", "echo"]' },
  "claude mcp list": { runBy: CLAUDE, shows: 'done("mcp", "list")' },
  'claude mcp add --transport http memory https://memory.mcp.example.com/mcp --header "Authorization: Bearer mgk_…"':
    { runBy: CLAUDE, shows: '"--header", `Authorization: Bearer ${key}`' },
  "npx @modelcontextprotocol/inspector": {
    reason:
      "its page is for a person at a browser; docs/clients.md lists it among what is tried by hand",
  },
  "npx @modelcontextprotocol/inspector --cli https://memory.mcp.example.com/mcp --transport http --method tools/list":
    { runBy: CLIENTS, shows: '[secure.mcp("echo"), "--transport", "http"' },
  'npx @modelcontextprotocol/inspector --cli https://memory.mcp.example.com/mcp --transport http --header "Authorization: Bearer mgk_…" --method tools/list':
    { runBy: CLIENTS, shows: '["--header", `Authorization: Bearer ${key}`]' },
  // docs/docker.md
  "docker build --target distroless -t remote-mcp-proxy .": { reason: ENGINE },
  "docker run -d --name remote-mcp-proxy -p 127.0.0.1:8080:8080 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges -v ./config.json:/config/config.json:ro -v data:/data -v logs:/logs remote-mcp-proxy":
    { reason: ENGINE },
  "docker logs remote-mcp-proxy": { reason: ENGINE },
  // docs/install.md
  "sha256sum --check --ignore-missing SHA256SUMS": TYPED,
  "install -m 755 remote-mcp-proxy-linux-x64 /usr/local/bin/remote-mcp-proxy": TYPED,
  "remote-mcp-proxy --version": TYPED,
  "remote-mcp-proxy import > config.json": TYPED,
  "remote-mcp-proxy check": TYPED,
  "remote-mcp-proxy": { runBy: START, shows: "a config.json in the working folder is found" },
  "cloudflared tunnel --url http://127.0.0.1:8080": { reason: TUNNEL },
  "PUBLIC_URL=https://….trycloudflare.com remote-mcp-proxy": {
    runBy: "test/integration/auth/behind-a-tunnel.test.ts",
    shows: ["startGateway({ servers, env: { PUBLIC_URL } })", "/set-up/"],
  },
  "source <(remote-mcp-proxy completion bash)": TYPED,
  "source <(remote-mcp-proxy completion zsh)": {
    runBy: "test/system/completion.test.ts",
    shows: "zsh reads the script and defines the function",
  },
  "remote-mcp-proxy completion fish > ~/.config/fish/completions/remote-mcp-proxy.fish": TYPED,
  // docs/systemd.md
  "sudo install -m 755 dist/remote-mcp-proxy /usr/local/bin/": TYPED,
  "sudo install -d /etc/remote-mcp-proxy": TYPED,
  "sudo install -m 644 config.json /etc/remote-mcp-proxy/": TYPED,
  "remote-mcp-proxy deploy systemd | sudo tee /etc/systemd/system/remote-mcp-proxy.service": TYPED,
  "sudo systemctl daemon-reload": { reason: SYSTEMD },
  "sudo systemctl enable --now remote-mcp-proxy": { reason: SYSTEMD },
  "journalctl -u remote-mcp-proxy -f": { reason: SYSTEMD },
  "remote-mcp-proxy deploy systemd --credential github:/etc/remote-mcp-proxy/github.token": TYPED,
  // docs/traefik.md
  "dig +short memory.mcp.example.org A": {
    reason: "asks the name servers of the world about a name of the reader's",
  },
  "remote-mcp-proxy deploy traefik --config config.json --domain example.org --backend http://10.0.0.5:8080 -o /etc/traefik/dynamic/remote-mcp-proxy.yml":
    TYPED,
  "remote-mcp-proxy key add --admin --note traefik": TYPED,
};

/**
 * The same for commands in running text and in tables of commands. Those of our own that stand
 * without the program's name are here with it. The beginning of a command that is listed is listed.
 */
export const COMMANDS_IN_PROSE: Readonly<Record<string, Proof>> = {
  // README.md
  "npx -y mcp-remote https://memory.mcp.example.com/mcp --auth-timeout 120": {
    runBy: CLIENTS,
    shows: 'new ClientProgram("mcp-remote", [url, "--auth-timeout", "120"',
  },
  "claude mcp add --transport http everything http://127.0.0.1:8080/everything/mcp": {
    runBy: CLAUDE,
    shows: 'done(...add, "local", local.mcp("echo"))',
  },
  "remote-mcp-proxy check --verbose": {
    runBy: "test/integration/cli/command-line.test.ts",
    shows: '["check", "--verbose"',
  },
  // CONTRIBUTING.md
  "npm run verify": { runBy: STAGES, shows: ['check("format"', 'check("types"', 'check("lint"'] },
  "npm run test:unit": { runBy: STAGES, shows: 'tests("unit"' },
  "npm run test:integration": { runBy: STAGES, shows: 'tests("integration"' },
  "npm run test:conformance": { runBy: STAGES, shows: '"test/conformance/run.ts"' },
  "npm run test:e2e": { runBy: STAGES, shows: 'tests("e2e"' },
  "npm run test:system": { runBy: ".ci/run", shows: "count system npm run test:system" },
  "npm run test:bridge": {
    reason: `${READS_REPORT} test/unit/scripts/numbered-tests.test.ts`,
  },
  "npm run test:threats": { reason: `${READS_REPORT} test/unit/scripts/threats.test.ts` },
  "npm run test:coverage": { reason: "runs the unit and integration tests once more, and counts" },
  "npm run fuzz -- --seconds 60 --seed N": {
    runBy: STAGES,
    shows: '"scripts/fuzz.ts", "--seconds", "20", "--seed"',
  },
  "npm run format": {
    reason: "changes the files that it is given; that it has nothing to change is the stage format",
  },
  "npm run lint": { runBy: STAGES, shows: 'check("lint"' },
  "npm run check": { runBy: STAGES, shows: 'check("types", ["check", "--no-script"])' },
  "npm run build": { runBy: STAGES, shows: 'check("build", ["scripts/build.ts"])' },
  "npm run bench -- --quick": {
    reason: "measures the machine for minutes, and beside other tests it would measure those",
  },
  "npm run bench -- --growth --svg docs/growth.svg": {
    reason: "measures the machine for minutes, and beside other tests it would measure those",
  },
  "npm run release -- 1.2.3": {
    runBy: "test/integration/release/release.test.ts",
    shows: '"scripts/release.ts", "9.8.7"',
  },
  ".ci/run": { reason: "is what runs all of this" },
  // docs/admin.md
  "remote-mcp-proxy status": { runBy: ADMIN, shows: 'command(gateway, "status")' },
  "remote-mcp-proxy status --json": { runBy: ADMIN, shows: 'commandJson(gateway, "status")' },
  "remote-mcp-proxy logs [-f] [-n N] [SERVER]": {
    runBy: ADMIN,
    shows: ['"logs", "-f", "-n", "0", "echo"', 'command(gateway, "logs")'],
  },
  "remote-mcp-proxy logs -f SERVER": { runBy: ADMIN, shows: '"logs", "-f", "-n", "0", "echo"' },
  "remote-mcp-proxy logs SERVER": { runBy: ADMIN, shows: '"logs", "echo", "-n", "5"' },
  "remote-mcp-proxy tools SERVER": { runBy: ADMIN, shows: 'command(gateway, "tools", "echo")' },
  "remote-mcp-proxy call SERVER TOOL key=value": {
    runBy: ADMIN,
    shows: '["echo", "add", "a=2", "b=3"]',
  },
  "remote-mcp-proxy restart SERVER": { runBy: ADMIN, shows: '"restart", "echo")' },
  "remote-mcp-proxy stop SERVER": { runBy: ADMIN, shows: 'command(gateway, "stop", "echo")' },
  "remote-mcp-proxy start SERVER": { runBy: ADMIN, shows: 'command(gateway, "start", "echo")' },
  "remote-mcp-proxy reload": { runBy: ADMIN, shows: 'command(gateway, "reload")' },
  "remote-mcp-proxy check --run": {
    runBy: "test/integration/cli/check-run.test.ts",
    shows: 'run(["check", "--run"]',
  },
  "docker exec gateway remote-mcp-proxy status": { reason: ENGINE },
  // docs/authentication.md
  "docker exec NAME /usr/local/bin/remote-mcp-proxy user list": { reason: ENGINE },
  "remote-mcp-proxy user list": { runBy: USER, shows: 'user(["list"])' },
  "remote-mcp-proxy user set-up-link NAME": {
    runBy: "test/integration/auth/set-up.test.ts",
    shows: '["user", "set-up-link", "kim"',
  },
  "remote-mcp-proxy user set-password NAME": { runBy: USER, shows: '["set-password", "alex"]' },
  "remote-mcp-proxy user sign-out NAME": { runBy: USER, shows: '["sign-out", "alex"]' },
  "remote-mcp-proxy user remove-password NAME": {
    runBy: USER,
    shows: '["remove-password", "alex"]',
  },
  // docs/clients.md
  "remote-mcp-proxy connect memory": TYPED,
  "remote-mcp-proxy connect --client": {
    runBy: "test/integration/cli/connect.test.ts",
    shows: '"--client", "vscode"',
  },
  "remote-mcp-proxy connect SERVER": {
    runBy: "test/integration/cli/connect.test.ts",
    shows: '["connect", ...args, "--json"]',
  },
  "remote-mcp-proxy import > servers.json": {
    runBy: "test/integration/cli/import.test.ts",
    shows: "without a name the usual places of this user are looked at",
  },
  "remote-mcp-proxy key add --note laptop": TYPED,
  "remote-mcp-proxy doctor https://memory.mcp.example.com/mcp --dns 1.1.1.1": {
    runBy: DOCTOR,
    shows: '"--dns", names.address',
  },
  "remote-mcp-proxy auth log --follow": {
    runBy: "test/integration/auth/event-log.test.ts",
    shows: '"auth", "log", "--follow"]',
  },
  // docs/configuration.md
  "remote-mcp-proxy check --json": {
    runBy: "test/integration/cli/command-line.test.ts",
    shows: '["check", "--json"',
  },
  "remote-mcp-proxy schema": {
    runBy: "test/integration/cli/command-line.test.ts",
    shows: 'run(["schema"])',
  },
  "remote-mcp-proxy -- npx -y @modelcontextprotocol/server-memory": {
    runBy: START,
    shows: ['["--", process.execPath', "servers start through npx"],
  },
  'remote-mcp-proxy --stdio "npx -y @modelcontextprotocol/server-memory"': {
    runBy: START,
    shows: ['["--stdio", `', "servers start through npx"],
  },
  // docs/docker.md
  "npm run docker:generate": { runBy: COMPOSE, shows: '["generate", undefined]' },
  "npm run docker:build": { runBy: COMPOSE, shows: '["build", "compose build"]' },
  "npm run docker:up": { runBy: COMPOSE, shows: '["up", "compose up --build --detach"]' },
  "npm run docker:down": { runBy: COMPOSE, shows: '["down", "compose down"]' },
  "npm run docker:restart": { runBy: COMPOSE, shows: '["restart", "compose down' },
  "npm run docker:logs": { runBy: COMPOSE, shows: '["logs", "compose logs --follow' },
  "npm run docker:clean": { runBy: COMPOSE, shows: '["clean", "compose down --remove-orphans"]' },
  "docker exec remote-mcp-proxy /usr/local/bin/remote-mcp-proxy status": { reason: ENGINE },
  "remote-mcp-proxy deploy compose --build . -o docker-compose.yml": TYPED,
  // docs/install.md
  "npx remote-mcp-proxy": {
    runBy: "test/integration/release/release.test.ts",
    shows: 'outcome(["node", launcher, "--version"]',
  },
  "bunx remote-mcp-proxy": {
    runBy: "test/integration/release/release.test.ts",
    shows: 'outcome([process.execPath, launcher, "--version"]',
  },
  // docs/runtime.md
  "remote-mcp-proxy prefetch --update": {
    runBy: "test/integration/self-runtime/commands.test.ts",
    shows: ['run(["prefetch"', '"--update")'],
  },
  // docs/systemd.md
  "systemctl reload remote-mcp-proxy": {
    reason: `${SYSTEMD}, and its SIGHUP is sent in test/integration/service/systemd.test.ts`,
  },
  "systemctl edit remote-mcp-proxy": { reason: SYSTEMD },
  "systemd-analyze security": {
    runBy: "test/system/deploy-systemd.test.ts",
    shows: '["systemd-analyze", "security"',
  },
  "remote-mcp-proxy deploy systemd --user NAME": {
    runBy: "test/system/deploy-systemd.test.ts",
    shows: '["--user", "root"]',
  },
  // docs/traefik.md, docs/troubleshooting.md
  "remote-mcp-proxy doctor https://memory.mcp.example.org/mcp": {
    runBy: DOCTOR,
    shows: 'run(["doctor", url',
  },
  "remote-mcp-proxy doctor https://{server}.mcp.example.org/mcp": {
    runBy: DOCTOR,
    shows: 'run(["doctor", url',
  },
  "remote-mcp-proxy doctor https://…/mcp": { runBy: DOCTOR, shows: 'run(["doctor", url' },
};
