/** Pure. A page as a scripted browser sees it: its forms with their fields and buttons, its title, its text. */

/** A button that sends a form. */
export interface PageButton {
  readonly name: string | undefined;
  readonly value: string;
  readonly text: string;
}

/** A form of a page. */
export interface PageForm {
  /** As written; "" for the page itself. */
  readonly action: string;
  readonly method: "GET" | "POST";
  /** Fields with what they hold, hidden ones too. */
  readonly fields: ReadonlyMap<string, string>;
  /** Fields by their type: `text`, `password`, `hidden`. */
  readonly types: ReadonlyMap<string, string>;
  readonly buttons: readonly PageButton[];
}

/** What a page holds. */
export interface PageContent {
  readonly title: string;
  /** All words that are shown, with single spaces. */
  readonly words: string;
  /** Words that are shown in bold. */
  readonly bold: readonly string[];
  readonly forms: readonly PageForm[];
  /** Element names that occur, so that a test can say "no script". */
  readonly elements: ReadonlySet<string>;
}

const INLINE = new Set(["a", "abbr", "b", "bdi", "code", "em", "i", "span", "strong", "wbr"]);

interface Draft {
  action: string;
  method: "GET" | "POST";
  fields: Map<string, string>;
  types: Map<string, string>;
  buttons: { name: string | undefined; value: string; text: string }[];
}

/** Reads a page. */
export function parsePage(html: string): PageContent {
  const forms: Draft[] = [];
  const bold: string[] = [];
  const elements = new Set<string>();
  let form: Draft | undefined;
  let button: Draft["buttons"][number] | undefined;
  let title = "";
  let words = "";
  let silent = 0;
  let boldDepth = 0;
  const attribute = (element: HTMLRewriterTypes.Element, name: string): string | undefined => {
    const value = element.getAttribute(name);
    return value === null ? undefined : decodeEntities(value);
  };
  const onText = (chunk: HTMLRewriterTypes.Text): void => {
    const text = decodeEntities(chunk.text);
    if (silent > 0) return;
    words += text;
    if (button !== undefined) button.text += text;
    if (boldDepth > 0) bold[bold.length - 1] += text;
  };
  new HTMLRewriter()
    .on("*", {
      element(element) {
        const { tagName } = element;
        elements.add(tagName);
        if (!INLINE.has(tagName)) words += " ";
        switch (tagName) {
          case "style":
          case "script":
          case "title":
            silent++;
            element.onEndTag(() => void silent--);
            break;
          case "form":
            form = {
              action: attribute(element, "action") ?? "",
              method:
                (attribute(element, "method") ?? "get").toUpperCase() === "POST" ? "POST" : "GET",
              fields: new Map(),
              types: new Map(),
              buttons: [],
            };
            forms.push(form);
            element.onEndTag(() => {
              form = undefined;
            });
            break;
          case "input": {
            const name = attribute(element, "name");
            const type = attribute(element, "type") ?? "text";
            const value = attribute(element, "value") ?? "";
            if (type === "submit") form?.buttons.push({ name, value, text: value });
            else if (name !== undefined && !isUnchecked(element, type)) {
              form?.fields.set(name, value);
              form?.types.set(name, type);
            }
            break;
          }
          case "button": {
            button = {
              name: attribute(element, "name"),
              value: attribute(element, "value") ?? "",
              text: "",
            };
            form?.buttons.push(button);
            element.onEndTag(() => {
              button = undefined;
            });
            break;
          }
          case "strong":
          case "b":
            boldDepth++;
            bold.push("");
            element.onEndTag(() => void boldDepth--);
            break;
        }
      },
    })
    .on("title", {
      text(chunk) {
        title += decodeEntities(chunk.text);
      },
    })
    .onDocument({ text: onText })
    .transform(html);
  return {
    title: title.trim(),
    words: words.replace(/\s+/g, " ").trim(),
    bold: bold.map((text) => text.trim()),
    forms,
    elements,
  };
}

function isUnchecked(element: HTMLRewriterTypes.Element, type: string): boolean {
  return (type === "checkbox" || type === "radio") && !element.hasAttribute("checked");
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  amp: "&",
};

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
