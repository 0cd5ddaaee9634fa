/**
 * Pure. What this executable does in place of `npx`, `bunx`, `node` or `bun`.
 */

/** What is to be run. */
export type RuntimePlan =
  /** A program of a package, installed first. */
  | {
      readonly kind: "package";
      /** As the registry is asked for them: `name`, `name@range`, `name@tag`, or a URL. */
      readonly packages: readonly string[];
      /** The program; undefined for the one that the package is called after. */
      readonly bin: string | undefined;
      readonly args: readonly string[];
      /** A registry that the command line names. */
      readonly registry: string | undefined;
    }
  /** A file. */
  | {
      readonly kind: "script";
      /** For the runtime. */
      readonly flags: readonly string[];
      readonly script: string;
      readonly args: readonly string[];
    }
  /** Words for the runtime as they are: `-e code`, `run start`. */
  | { readonly kind: "words"; readonly words: readonly string[] }
  | RefusedPlan;

/** A command line that only the program itself can run. */
export interface RefusedPlan {
  readonly kind: "refused";
  /** What is not understood: the end of a sentence. */
  readonly message: string;
  readonly hint: string;
}
