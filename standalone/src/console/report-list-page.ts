/** The list of sale reports, newest first. */
import { html } from 'hono/html';
import { layout, type Html } from '../pages/layout.ts';
import type { ListedReport, ReportList } from './report-folder.ts';

export function reportListPage({ reports, older }: ReportList): Html {
  return layout(
    'Sale reports',
    html`<main class="console">
      <div class="row">
        <h1>Sale reports</h1>
        <p class="state"><a href="/console">Back to the console</a></p>
      </div>
      ${reports.length === 0 ? noReports : table(reports)}
      ${older === 0 ? '' : html`<p class="note">${String(older)} older ones lie in the same folder.</p>`}
    </main>`,
    { styles: ['/assets/console.css'] },
  );
}

const noReports = html`<section class="next">
  <h2>There is no report yet</h2>
  <p>A drill writes one when it has ended. In a second terminal, from the project's folder:</p>
  <p><code>npx evently drill --only 300x299</code></p>
  <p class="note">
    For an event that was sold without a drill: <code>npx evently report --event &lt;id&gt;</code>
  </p>
</section>`;

function table(reports: readonly ListedReport[]): Html {
  return html`<div class="scroll">
    <table class="reports">
      <thead>
        <tr>
          <th scope="col">Sale</th>
          <th scope="col">Written</th>
          <th scope="col" class="number">Taken</th>
          <th scope="col" class="number">Oversold</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        ${reports.map(reportRow)}
      </tbody>
    </table>
  </div>`;
}

function reportRow({ name, summary }: ListedReport): Html {
  const taken = `${count(summary.sold + summary.held)} of ${count(summary.capacity)}`;
  const outcome =
    summary.faults.length === 0
      ? html`<span class="plenty">${summary.source === 'drill' ? 'passed' : 'books balance'}</span>`
      : html`<span class="none">${summary.faults[0] ?? ''}</span>`;
  return html`<tr>
    <th scope="row">
      <a href="/console/reports/${name}.html">${summary.title}</a>
      <a class="quiet" href="/console/reports/${name}.json">JSON</a>
    </th>
    <td data-label="Written">${summary.written_at.slice(0, 19).replace('T', ' ')} UTC</td>
    <td class="number" data-label="Taken">${taken}</td>
    <td class="number" data-label="Oversold">${count(summary.oversold)}</td>
    <td data-label="Outcome">${outcome}</td>
  </tr>`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
