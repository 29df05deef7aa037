/** The frame of the gateway's own pages. */
import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

/** A whole page; `body` must hold one `main`. Everything it loads comes from the gateway itself. */
export function layout(title: string, body: Html, script?: string): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Evently</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/pages.css" />
        ${script === undefined ? '' : html`<script src="${script}" type="module"></script>`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
          <div class="wrap">
            <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28" /> Evently</a>
            <nav aria-label="Pages">
              <a href="/docs">Interface</a> <a href="/docs/problems">Problems</a> <a href="/health">Health</a>
            </nav>
          </div>
        </header>
        <div id="content" class="wrap">${body}</div>
      </body>
    </html>`;
}
