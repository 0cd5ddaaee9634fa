/**
 * The three parts of prom-client that are used, with the types of the whole. The whole brings clusters,
 * a push gateway, HTTP and quantiles, which cost every start 5 ms.
 */
import type * as whole from "prom-client";

// @ts-expect-error the parts have no types of their own
import counter from "prom-client/lib/counter.js";
// @ts-expect-error the same
import gauge from "prom-client/lib/gauge.js";
// @ts-expect-error the same
import registry from "prom-client/lib/registry.js";

export const Counter = counter as typeof whole.Counter;
export const Gauge = gauge as typeof whole.Gauge;
export const Registry = registry as typeof whole.Registry;

export type Counter = whole.Counter;
export type Gauge = whole.Gauge;
export type Registry = whole.Registry;
