/** The health endpoints of a gateway as a test reads them. */
import type { RunningGateway } from "../../helpers/gateway.ts";
import { get, type RawResponse } from "../../helpers/raw-http.ts";
import { until } from "../../helpers/wait.ts";

/** A change of state, as `/health/servers` tells it. */
export interface Change {
  readonly at: string;
  readonly instance: string;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
  readonly kind: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly errorCode?: string;
  readonly failures?: number;
  readonly after?: string;
}

/** One server, as `/health/servers` tells it. */
export interface ServerReport {
  readonly name: string;
  readonly slug: string;
  readonly status: "healthy" | "unhealthy" | "unknown";
  readonly state: string;
  readonly required: boolean;
  readonly lastCheck: string | null;
  readonly responseTimeMs: number;
  readonly consecutiveFails: number;
  readonly restartCount: number;
  readonly lastError?: string;
  readonly retryInMs?: number;
  readonly instances: readonly {
    readonly instance: string;
    readonly state: string;
    readonly pid?: number;
  }[];
  readonly history: readonly Change[];
}

/** One process, as `/health/resources` tells it. */
export interface ProcessReport {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  readonly server: string;
  readonly memoryMB: number;
  readonly cpuPercent: number;
  readonly virtualMB: number;
  readonly residentMB: number;
  readonly threads: number;
  readonly fileDescriptors: number;
  readonly timestamp: string;
}

/** `/health/resources`. */
export interface ResourcesReport {
  readonly timestamp: string;
  readonly processes: readonly ProcessReport[];
  readonly servers: Readonly<
    Record<
      string,
      {
        readonly processCount: number;
        readonly memoryMB: number;
        readonly cpuPercent: number;
        readonly threads: number;
        readonly fileDescriptors: number;
        readonly alerts: readonly {
          readonly alert: string;
          readonly value: number;
          readonly threshold: number;
        }[];
      }
    >
  >;
  readonly summary: Readonly<Record<string, number>>;
}

/** `/health/servers/{name}`, with its status. */
export function serverHealth(gateway: RunningGateway, name: string): Promise<RawResponse> {
  return get(`${gateway.url}/health/servers/${name}`);
}

/** The report of one server. */
export async function reportOf(gateway: RunningGateway, name: string): Promise<ServerReport> {
  return (await serverHealth(gateway, name)).json as ServerReport;
}

/** Resolves with the report once it is as wanted. */
export function untilReport(
  gateway: RunningGateway,
  name: string,
  isWanted: (report: ServerReport) => boolean,
  what: string,
): Promise<ServerReport> {
  const look = async (): Promise<ServerReport | false> => {
    const report = await reportOf(gateway, name);
    return isWanted(report) && report;
  };
  return until(look, { what: `${name}: ${what}` });
}

/** Resolves with the report once the server is in a state. */
export function untilState(
  gateway: RunningGateway,
  name: string,
  state: string,
): Promise<ServerReport> {
  return untilReport(gateway, name, (report) => report.state === state, state);
}

/** The changes of the shared process as "from → to kind", oldest first. */
export function courseOf({ history }: ServerReport): readonly string[] {
  return history.map(({ from, to, kind }) => `${from} → ${to} ${kind}`);
}

/** `/health/resources`. */
export async function resources(gateway: RunningGateway): Promise<ResourcesReport> {
  return (await get(`${gateway.url}/health/resources`)).json as ResourcesReport;
}
