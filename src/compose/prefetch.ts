/**
 * Installs the packages of all servers ahead of their first start: while an image is built, or
 * before a machine is cut off from the network. Listens nowhere and starts no server.
 */
import type { ServerConfig } from "../config/model.ts";
import { messageOf } from "../kernel/error.ts";
import type { PackageQuestion } from "../runtime/package-store.ts";
import { packagesOf, SelfRuntime } from "../runtime/self-runtime.ts";
import { createSupervisor } from "../supervisor/supervisor.ts";
import type { GatewayOptions } from "./options.ts";

/** What came of one server. */
export interface Prefetched {
  readonly server: string;
  /** Exact versions by name; undefined when there is nothing to install, or it failed. */
  readonly versions: Readonly<Record<string, string>> | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

/** What prefetching takes. */
export interface PrefetchOptions extends Pick<
  GatewayOptions,
  "config" | "selfCommand" | "host" | "clock" | "emit"
> {
  /** Also ask the registry for newer versions of what is installed. */
  readonly isUpdate: boolean;
  /** Gives it up; what is installed by then stays. */
  readonly signal: AbortSignal;
}

/** Installs what is not there, all servers side by side. Resolves when no process is left. */
export async function prefetch(options: PrefetchOptions): Promise<readonly Prefetched[]> {
  const { config, selfCommand, host, clock, emit, signal } = options;
  const { dataDir, installEnv } = config;
  const supervisor = createSupervisor({ clock, emit, random: Math.random, selfCommand, host });
  const { store } = new SelfRuntime({ dataDir, installEnv, selfCommand, supervisor, clock, emit });
  const give = async (server: ServerConfig): Promise<Prefetched> => {
    const nothing = { server: server.slug, versions: undefined, error: undefined };
    const question: PackageQuestion | undefined = packagesOf(server);
    if (question === undefined) return nothing;
    try {
      const wasThere = store.find(question) !== undefined;
      const { versions } = await store.install(question);
      const newer = wasThere && options.isUpdate ? await store.refresh(question) : undefined;
      return { ...nothing, versions: newer?.versions ?? versions };
    } catch (error) {
      return { ...nothing, error: messageOf(error) };
    }
  };
  const end = (): void => supervisor.killAll();
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.all(config.servers.map(give));
  } finally {
    signal.removeEventListener("abort", end);
    await supervisor.shutdown("everything is installed");
  }
}
