/**
 * What one source file imports and touches, read from its syntax tree, so that comments and
 * strings never count and type-only imports do. (Bun's own import scanner leaves type-only
 * imports out, and a type import is a dependency all the same.)
 */
import ts from "typescript";

export interface SourceFacts {
  /** Relative to src, such as "wire/ndjson.ts". */
  readonly path: string;
  /** Every module named, relative ones resolved to a path relative to src, in order. */
  readonly imports: readonly string[];
  /** Names imported from "bun" and the `node:` modules, as "bun:spawn" or "node:process:env". */
  readonly importedNames: readonly string[];
  /** What the code touches, such as "Bun.spawn", "process.env", "setTimeout", "new Date()". */
  readonly touches: readonly string[];
  readonly lines: number;
  /** The comment at the very top, without its marks, or undefined. */
  readonly header: string | undefined;
  readonly headerLines: number;
  readonly hasDefaultExport: boolean;
  /** True when the file exports what others wrote. */
  readonly isBarrel: boolean;
}

/** Globals whose use is an effect; members of them are reported with their name. */
const watched = new Set([
  "Bun",
  "process",
  "console",
  "performance",
  "crypto",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "navigator",
  "WebSocket",
  "Worker",
  "require",
]);

/** The facts about a file, from its text. */
export function factsOf(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: string[] = [];
  const importedNames: string[] = [];
  const touches: string[] = [];
  let hasDefaultExport = false;
  let isBarrel = false;

  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push(resolve(path, specifier));
    if (ts.isImportDeclaration(node)) importedNames.push(...namesOf(node));
    if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) isBarrel = true;
    if (ts.isExportAssignment(node)) hasDefaultExport = true;
    if (ts.canHaveModifiers(node))
      hasDefaultExport ||=
        ts.getModifiers(node)?.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword) ?? false;
    const touch = touchOf(node);
    if (touch !== undefined) touches.push(touch);
    ts.forEachChild(node, visit);
  };
  visit(file);

  const comment = headerOf(text);
  return {
    path,
    imports,
    importedNames,
    touches,
    lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    header: comment?.replace(/^\/\*\*|\*\/$|^\s*\* ?/gm, "").trim(),
    headerLines: comment?.split("\n").length ?? 0,
    hasDefaultExport,
    isBarrel,
  };
}

function headerOf(text: string): string | undefined {
  const start = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
  return /^\/\*\*[\s\S]*?\*\//.exec(text.slice(start))?.[0];
}

/** Import and export declarations, `import()` of values and of types, `import x = require()`. */
function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined;
  if (ts.isExternalModuleReference(node)) return textOf(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = /^(import\.meta\.)?require(\.resolve)?$/.test(node.expression.getText());
  return isImport || isRequire ? textOf(node.arguments[0]) : undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function namesOf(node: ts.ImportDeclaration): readonly string[] {
  const from = textOf(node.moduleSpecifier);
  const bindings = node.importClause?.namedBindings;
  if (from === undefined || bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map((one) => `${from}:${(one.propertyName ?? one.name).text}`);
}

function touchOf(node: ts.Node): string | undefined {
  if (ts.isMetaProperty(node)) {
    const outer = node.parent;
    return ts.isPropertyAccessExpression(outer) ? `import.meta.${outer.name.text}` : "import.meta";
  }
  if (!ts.isIdentifier(node) || !isReference(node)) return undefined;
  const outer = node.parent;
  if (node.text === "Date") return dateTouch(outer);
  if (node.text === "Math") return memberOf(outer, node) === "random" ? "Math.random" : undefined;
  if (node.text === "globalThis") return memberOf(outer, node) ?? "globalThis";
  if (!watched.has(node.text)) return undefined;
  const member = memberOf(outer, node);
  return member === undefined ? node.text : `${node.text}.${member}`;
}

/** Only a Date made from the clock is an effect; one made from a number or a text is a value. */
function dateTouch(outer: ts.Node): string | undefined {
  if (ts.isNewExpression(outer))
    return (outer.arguments?.length ?? 0) === 0 ? "new Date()" : undefined;
  if (ts.isCallExpression(outer)) return "Date()";
  return ts.isPropertyAccessExpression(outer) && outer.name.text === "now" ? "Date.now" : undefined;
}

function memberOf(outer: ts.Node, object: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(outer) && outer.expression === object) return outer.name.text;
  if (ts.isElementAccessExpression(outer) && outer.expression === object)
    return textOf(outer.argumentExpression);
  return undefined;
}

/** False where the identifier is a name of a member, a key, a declaration or a type. */
function isReference(node: ts.Identifier): boolean {
  const outer = node.parent;
  if (ts.isPropertyAccessExpression(outer)) return outer.expression === node;
  if (ts.isShorthandPropertyAssignment(outer)) return true;
  if (ts.isQualifiedName(outer) || ts.isTypeReferenceNode(outer)) return false;
  if (ts.isImportSpecifier(outer) || ts.isExportSpecifier(outer)) return false;
  return !("name" in outer && outer.name === node);
}

/** A relative specifier as a path relative to src; ".." beyond src stays visible as "../…". */
function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "." || part === "") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
