/** The pages that problem documents point to: docs/problems/<code>.md as readable HTML. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { html, raw } from 'hono/html';
import { Marked } from 'marked';
import { projectRoot } from '../config.ts';
import { layout, type Html } from './layout.ts';

const folder = path.join(projectRoot, 'docs', 'problems');
const codeForm = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const maxCodeLength = 64;

/** The page of one problem code (`sold-out`), or null when there is none. */
export async function problemPage(code: string): Promise<Html | null> {
  if (code.length > maxCodeLength || !codeForm.test(code)) return null;
  const text = await readFile(path.join(folder, `${code}.md`), 'utf8').catch(() => null);
  if (text === null) return null;
  // The text is our own, from the project's folder.
  const body = await new Marked({ async: true }).parse(text);
  return layout(
    `Problem: ${code.replaceAll('-', '_')}`,
    html`<main class="prose">
      ${raw(body)}
      <p><a href="/docs/problems">All problems</a> · <a href="/docs">The interface</a></p>
    </main>`,
  );
}

/** The list of all problem codes. */
export async function problemIndex(): Promise<Html> {
  const files = await readdir(folder).catch(() => []);
  const codes = files
    .flatMap((file) => (file.endsWith('.md') ? [file.slice(0, -'.md'.length)] : []))
    .filter((code) => codeForm.test(code));
  const items = codes
    .toSorted()
    .map((code) => html`<li><a href="/docs/problems/${code}">${code.replaceAll('-', '_')}</a></li>`);
  return layout(
    'Problems',
    html`<main class="prose">
      <h1>Problems</h1>
      <p>
        Every refusal carries a stable <code>code</code>. This is what each one means and what a client should
        do.
      </p>
      <ul class="codes">
        ${items}
      </ul>
    </main>`,
  );
}
