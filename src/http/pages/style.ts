/**
 * Pure. How the pages look: one style sheet inside each page, allowed by its hash, so that a page is
 * one answer and loads nothing. Light and dark by the person's own setting.
 */

/** The style sheet. Texts are at least 4.5 to 1 against what is behind them. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #f3f4f7; --card: #ffffff; --text: #15181e; --quiet: #545b67; --line: #d3d8e0;
  --strong: #1c5bb8; --on-strong: #ffffff; --strong-over: #164a98; --field: #ffffff; --field-line: #838b98;
  --note: #f0f3f8; --good: #e4f4e8; --good-text: #14532d;
  --warn: #fff5d9; --warn-line: #d9a520; --warn-text: #4a3600;
  --bad: #fdebe9; --bad-line: #c9453b; --bad-text: #6d1410;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #121418; --card: #1b1e24; --text: #eceef2; --quiet: #a8afbb; --line: #333843;
    --strong: #8ab6ff; --on-strong: #0b1a33; --strong-over: #a9c9ff; --field: #14171c; --field-line: #767f8d;
    --note: #23272f; --good: #14301f; --good-text: #a9e5bd;
    --warn: #2c2412; --warn-line: #a8842a; --warn-text: #f4e2b2;
    --bad: #331a18; --bad-line: #b9564d; --bad-text: #ffd0ca;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center;
  padding: 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main {
  width: 100%; max-width: 29rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; overflow-wrap: anywhere;
}
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.5rem; color: var(--quiet); font-size: .9rem; }
.brand svg { width: 1.5rem; height: 1.5rem; flex: none; color: var(--strong); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; text-wrap: balance; }
p { margin: 0 0 1rem; }
p:last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); font-size: .9rem; }
form { margin: 1.5rem 0 0; }
.after { margin-top: 1.25rem; }
label { display: block; margin: 0 0 .3rem; font-weight: 600; }
.field { margin: 0 0 1.1rem; }
.field p { margin: .35rem 0 0; }
input {
  width: 100%; min-height: 3rem; padding: .5rem .8rem; font: inherit; color: inherit;
  background: var(--field); border: 1px solid var(--field-line); border-radius: .6rem;
}
input[readonly] { background: var(--note); border-color: var(--line); }
input[aria-invalid="true"] { border-color: var(--bad-line); }
button {
  width: 100%; min-height: 3rem; padding: .5rem 1.2rem; font: inherit; font-weight: 600; cursor: pointer;
  color: inherit; background: transparent; border: 1px solid var(--field-line); border-radius: .6rem;
}
button:hover { background: var(--note); }
button.first { color: var(--on-strong); background: var(--strong); border-color: var(--strong); }
button.first:hover { background: var(--strong-over); border-color: var(--strong-over); }
button.link {
  width: auto; min-height: 2.75rem; margin: -.6rem 0; padding: .25rem .3rem; border: 0; color: var(--strong);
  font-weight: 400; text-decoration: underline; text-underline-offset: .15em;
}
:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
.buttons { display: grid; gap: .75rem; }
@media (min-width: 26rem) { .buttons.two { grid-template-columns: 1fr 1fr; } }
dl { margin: 1.25rem 0; border: 1px solid var(--line); border-radius: .75rem; }
dl > div { padding: .7rem 1rem; }
dl > div + div { border-top: 1px solid var(--line); }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; }
dd strong { font-size: 1.05rem; }
.mark { display: inline-block; margin: .15rem 0; padding: .05rem .55rem; border: 1px solid; border-radius: 1rem; font-size: .85rem; font-weight: 600; }
.mark.good { background: var(--good); color: var(--good-text); }
.mark.warn { background: var(--warn); color: var(--warn-text); }
.box { margin: 1rem 0; padding: .75rem 1rem; border-left: .3rem solid; border-radius: .5rem; }
.box.warn { background: var(--warn); border-color: var(--warn-line); color: var(--warn-text); }
.box.bad { background: var(--bad); border-color: var(--bad-line); color: var(--bad-text); }
ul.addresses { margin: 0 0 1rem; padding: 0; list-style: none; }
ul.addresses li { margin: 0 0 .5rem; padding: .6rem .8rem; background: var(--note); border-radius: .5rem; }
code { font: .92em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 30rem) {
  body { padding: 0; place-items: start stretch; background: var(--card); }
  main { padding: 1.5rem 1.15rem 2rem; border: 0; border-radius: 0; }
}
`;
