/**
 * The container commands of package.json: `bun scripts/docker.ts generate|build|up|down|restart|logs|clean`.
 *
 * `generate` writes docker-compose.yml and traefik/rules.yml from config.json (CONFIG_FILE for
 * another) and .env; the others run the compose plugin, or docker-compose where there is none.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";

const COMPOSE_FILE = "docker-compose.yml";
const TRAEFIK_FOLDER = "traefik";

const actions: Readonly<Record<string, () => void>> = {
  generate,
  build: () => {
    generate();
    compose("build");
  },
  up: () => {
    generate();
    compose("up", "--build", "--detach");
  },
  down: () => compose("down"),
  restart: () => {
    compose("down");
    generate();
    compose("up", "--build", "--detach");
  },
  logs: () => compose("logs", "--follow", "--tail", "100"),
  clean: () => {
    if (existsSync(COMPOSE_FILE)) compose("down", "--remove-orphans");
    rmSync(COMPOSE_FILE, { force: true });
    rmSync(TRAEFIK_FOLDER, { recursive: true, force: true });
  },
};

function generate(): void {
  mkdirSync(TRAEFIK_FOLDER, { recursive: true });
  deploy("compose", "--build", ".", "--out", COMPOSE_FILE);
  deploy("traefik", "--out", `${TRAEFIK_FOLDER}/rules.yml`);
  console.error(`wrote ${COMPOSE_FILE} and ${TRAEFIK_FOLDER}/rules.yml`);
}

function deploy(...words: readonly string[]): void {
  run([process.execPath, "src/main.ts", "deploy", ...words]);
}

function compose(...words: readonly string[]): void {
  if (!existsSync(COMPOSE_FILE)) fail(`${COMPOSE_FILE} is missing: npm run docker:generate first`);
  const plugin = Bun.spawnSync(["docker", "compose", "version"], { stderr: "ignore" });
  const command = plugin.exitCode === 0 ? ["docker", "compose"] : ["docker-compose"];
  run([...command, ...words]);
}

function run(command: readonly string[]): void {
  try {
    const { exitCode } = Bun.spawnSync([...command], { stdio: ["inherit", "inherit", "inherit"] });
    if (exitCode !== 0) process.exit(exitCode);
  } catch {
    fail(`${command[0]} is not installed: see docs/docker.md`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const action = actions[process.argv[2] ?? ""];
if (action === undefined) fail(`usage: docker.ts ${Object.keys(actions).join("|")}`);
action();
