/**
 * What the composition root lets HTTP know of health. Everything is in memory: no child is asked.
 */

/** Whether traffic may come, and why not. */
export interface Readiness {
  readonly isReady: boolean;
  /** Without names: whoever asks may be anybody. */
  readonly reason?: "draining" | "a required server is not ready";
}

/** A server's health as JSON, and whether it is well. */
export interface ServerHealthAnswer {
  readonly isHealthy: boolean;
  readonly body: object;
}

export interface HealthActions {
  readonly readiness: () => Readiness;
  /** The body of `/health/servers`. */
  readonly servers: () => object;
  /** By slug, or by its name in the configuration. */
  readonly server: (name: string) => ServerHealthAnswer | undefined;
  /** The body of `/health/resources`. */
  readonly resources: () => object;
}
