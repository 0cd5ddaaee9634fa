/** The files for Prometheus and Grafana, and the documentation, name what a running gateway has. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { modernRequest, postModern } from "../../helpers/modern.ts";
import { parsePrometheus, type Family } from "../../helpers/prometheus.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const P = "remote_mcp_proxy_";
const repository = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(repository, path), "utf8");

let gateway: RunningGateway;
let families: ReadonlyMap<string, Family>;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { one: fixtureServer("echo") },
    proxy: { health: { sampleInterval: "1s" } },
  });
  const session = await RawSession.open(gateway.mcp("one"));
  await session.call("echo", { text: "x" });
  await postModern(gateway.mcp("one"), modernRequest(1, "tools/list"));
  families = await until(async () => {
    const all = parsePrometheus(await (await fetch(`${gateway.url}/metrics`)).text());
    return (all.get(`${P}server_resident_memory_bytes`)?.samples.length ?? 0) > 0 && all;
  });
});
afterAll(() => gateway.stop());

/** The metric of a series: of a histogram its three kinds are one. */
function familyOf(series: string): Family | undefined {
  return families.get(series) ?? families.get(series.replace(/_(bucket|sum|count)$/, ""));
}

/** Every name of a metric in an expression, with the labels that it is asked for. */
function selectorsIn(text: string): readonly { readonly name: string; readonly labels: string }[] {
  return [...text.matchAll(/\b((?:remote_mcp_proxy|process)_[a-z_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name = "", labels = ""]) => ({ name, labels }),
  );
}

/** What Prometheus itself adds. */
const ADDED = new Set(["job", "instance"]);

function complaintsAbout(text: string): readonly string[] {
  return selectorsIn(text).flatMap(({ name, labels }) => {
    const family = familyOf(name);
    if (family === undefined) return [`${name} is not in /metrics`];
    const [sample] = family.samples;
    if (sample === undefined) return [];
    return [...labels.matchAll(/([a-z_]+)\s*(=~|!=|=)\s*"([^"]*)"/g)].flatMap(
      ([, label = "", operator = "", value = ""]) => {
        if (ADDED.has(label)) return [];
        if (!(label in sample.labels)) return [`${name} has no label ${label}`];
        if (value.startsWith("$")) return [];
        const known = new Set(family.samples.map((one) => one.labels[label]));
        const isClosed = ["state", "alert", "cause"].includes(label);
        const values = operator === "=~" ? value.split("|") : [value];
        return isClosed
          ? values.filter((one) => !known.has(one)).map((one) => `${name} has no ${label} ${one}`)
          : [];
      },
    );
  });
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

describe("alerts.yml", () => {
  const rules = (Bun.YAML.parse(read("docs/monitoring/alerts.yml")) as Rules).groups.flatMap(
    (group) => group.rules,
  );

  test("has what must be told of", () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).toContain("McpServerUnhealthy");
    expect(names).toContain("McpServerMemory");
    expect(names).toContain("McpServerCpu");
    expect(names).toContain("McpServersWithoutProcess");
  });

  for (const { alert, expr } of rules) {
    test(`${alert} asks for what is there`, () => expect(complaintsAbout(expr)).toEqual([]));
  }
});

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

describe("grafana-dashboard.json", () => {
  const { panels, templating } = JSON.parse(
    read("docs/monitoring/grafana-dashboard.json"),
  ) as Dashboard;

  test("is whole: numbers of panels differ, each but the rows asks for something", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, targets } of panels) {
      expect(type === "row" || (targets?.length ?? 0) > 0).toBe(true);
    }
  });

  for (const { id, title, targets = [] } of panels) {
    if (targets.length === 0) continue;
    test(`panel ${id}, ${title}`, () => {
      for (const { expr } of targets) {
        expect(selectorsIn(expr).length).toBeGreaterThan(0);
        expect(complaintsAbout(expr)).toEqual([]);
      }
    });
  }

  test("its variables", () => {
    const all = templating.list.map(({ definition = "" }) => definition).join("\n");
    expect(complaintsAbout(all)).toEqual([]);
  });
});

test("prometheus.yml scrapes /metrics and loads the alerts", () => {
  const config = Bun.YAML.parse(read("docs/monitoring/prometheus.yml")) as {
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly {
      readonly metrics_path: string;
      readonly job_name: string;
    }[];
  };
  expect(config.rule_files).toEqual(["alerts.yml"]);
  expect(config.scrape_configs).toMatchObject([
    { metrics_path: "/metrics", job_name: "remote-mcp-proxy" },
  ]);
});

test("the documentation has every metric, and none that is not there", () => {
  const table = read("docs/logging-and-metrics.md").split("## Metrics")[1]?.split("\n## ")[0] ?? "";
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const documented = rows.flatMap((line) =>
    [...(line.split("|")[1] ?? "").matchAll(/`([a-z_]+)`/g)].map(([, name = ""]) => P + name),
  );
  const present = [...families.keys()].filter((name) => name.startsWith(P));
  expect(documented.sort()).toEqual(present.sort());
});

test("labels come from closed sets", async () => {
  const session = await RawSession.open(gateway.mcp("one"));
  for (let count = 0; count < 20; count++) {
    await session.request(`made/up/${count}`).catch(() => undefined);
  }
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(text).not.toContain("made/up");
  expect(text).toContain('method_class="other"');
});
