/**
 * Pure. What is printed below the start table while nobody can sign in.
 */

/** The link by which the first person chooses a password. */
export function firstSetUpText({ user, url }: { user: string; url: string }): string {
  return `
Nobody has a password yet. Open this link to choose one for "${user}" (good for 24 hours, once;
the next start prints a new one):

  ${url}

`;
}
