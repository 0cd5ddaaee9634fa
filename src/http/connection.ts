/**
 * What Bun's server offers to a request.
 */

export interface ConnectionControl {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string } | null;
}
