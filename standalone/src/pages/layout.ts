/** The frame of the gateway's own pages. */
import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

/** Content-Security-Policy of the gateway's pages: everything from here, nothing inline. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What a page loads besides the common style; paths of the gateway itself. */
export type PageParts = { script?: string; styles?: readonly string[] };

/** A whole page; `body` must hold one `main`. Everything it loads comes from the gateway itself. */
export function layout(title: string, body: Html, { script, styles = [] }: PageParts = {}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Evently</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/pages.css" />
        ${styles.map((style) => html`<link rel="stylesheet" href="${style}" />`)}
        ${script === undefined ? '' : html`<script src="${script}" type="module"></script>`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
          <div class="wrap">
            <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28" /> Evently</a>
            <nav aria-label="Pages">
              <a href="/console">Console</a> <a href="/docs">Interface</a>
              <a href="/docs/problems">Problems</a> <a href="/health">Health</a>
            </nav>
          </div>
        </header>
        <div id="content" class="wrap">${body}</div>
      </body>
    </html>`;
}
