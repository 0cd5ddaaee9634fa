/**
 * Pure. What of our own environment an installation of packages gets, beside that of the server it
 * is for: how to reach a registry, and who it is. Nothing else, as install scripts may run in it.
 */

const PASSED =
  /^((https?|no|all)_proxy|npm_config_\w+|npm_token|node_auth_token|ssl_cert_(file|dir)|node_extra_ca_certs|node_use_system_ca)$/i;

/** Proxies, certificate authorities, settings and tokens of npm. */
export function installEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(env).flatMap(([name, value]) => {
    return value === undefined || value === "" || !PASSED.test(name)
      ? []
      : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
