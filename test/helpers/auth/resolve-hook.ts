/** Preload for programs under Bun, whose fetch resolves names by itself. */
import "./resolve-hook.mjs";
import { mappedFetch } from "./fetch.ts";

globalThis.fetch = mappedFetch(globalThis.fetch, {}) as typeof fetch;
