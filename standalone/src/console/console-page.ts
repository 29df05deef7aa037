/** The live page: figures and the places of the charts; `assets/console.js` fills them. */
import { html } from 'hono/html';
import type { Problem } from '@evently/kit/problems';
import { layout, type Html } from '../pages/layout.ts';

type Figure = { key: string; title: string; about: string };

const figures: readonly Figure[] = [
  { key: 'sold', title: 'Sold', about: 'paid for' },
  { key: 'held', title: 'Held', about: 'reserved, not paid yet' },
  { key: 'available', title: 'Available', about: 'free to reserve' },
  { key: 'oversold', title: 'Oversold', about: '0 is right' },
];

type Chart = { key: string; title: string; about: string; whole?: boolean };

const charts: readonly Chart[] = [
  { key: 'stock', title: 'Seats by state', about: 'sold, held and available, on top of each other' },
  { key: 'speed', title: 'Seats per second', about: 'taken by reservations, sold, given back' },
  {
    key: 'latency',
    title: 'Time to reserve',
    about: 'from the request reaching the handler to its answer',
    whole: true,
  },
  { key: 'refused', title: 'Refused per second', about: 'reservations that were told no, by reason' },
  { key: 'batch', title: 'Batch size', about: 'reservations decided in one transaction', whole: true },
  {
    key: 'conflicts',
    title: 'Version conflicts',
    about: 'changes of stock per second, and those after another process had written; they refuse nobody',
  },
  {
    key: 'queue',
    title: 'Waiting in the line',
    about: 'reservations that wait for their batch now, and the longest wait of batches',
    whole: true,
  },
];

export function consolePage(): Html {
  return layout(
    'Console',
    html`<main class="console">
      <div class="row">
        <h1>Console</h1>
        <p id="state" class="state" role="status">Connecting…</p>
      </div>
      <noscript
        ><p>The console needs JavaScript. The same numbers are in the metrics for Prometheus.</p></noscript
      >
      <div class="controls">
        <label for="event">Event</label>
        <select id="event">
          <option value="auto">What sells now</option>
          <option value="">All events together</option>
        </select>
        <div class="spans" role="group" aria-label="Time shown">
          <button type="button" data-minutes="2" aria-pressed="true">2 min</button>
          <button type="button" data-minutes="5" aria-pressed="false">5 min</button>
          <button type="button" data-minutes="15" aria-pressed="false">15 min</button>
        </div>
      </div>
      <p id="sale" class="sale-state" hidden></p>
      <section id="next" class="next" aria-labelledby="next-title" hidden>
        <h2 id="next-title">Nobody is buying right now</h2>
        <p>In a second terminal, from the project's folder:</p>
        <p><code>npx evently drill --only 300x299</code></p>
        <p class="note">
          300 buyers come for 299 seats. This page follows them, and the drill leaves a sale report.
        </p>
      </section>
      <p id="report" class="next" hidden>
        <a href="/console/reports/">The newest sale report</a> tells who got what, and where the time went.
      </p>
      <section aria-label="Seats">
        <dl class="figures">
          ${figures.map(
            ({ key, title, about }) =>
              html`<div class="figure-tile">
                <dt>${title}</dt>
                <dd><strong data-figure="${key}">–</strong><span>${about}</span></dd>
              </div>`,
          )}
        </dl>
        <p class="house" id="house"></p>
        <div class="bar" aria-hidden="true"><i data-part="sold"></i><i data-part="held"></i></div>
      </section>
      ${chartSection()}
    </main>`,
    { script: '/assets/console.js', styles: ['/assets/uplot.css', '/assets/console.css'] },
  );
}

function chartSection(): Html {
  return html`<section class="charts" aria-label="Charts">
    ${charts.map(
      ({ key, title, about, whole }) =>
        html`<figure class="chart" id="chart-${key}">
          <figcaption>
            <h2>${title}</h2>
            <p>${about}${whole === true ? html`; <em>all events</em>` : ''}</p>
            <ul class="legend"></ul>
          </figcaption>
          <div class="plot" role="img" aria-label="${title}"></div>
        </figure>`,
    )}
    <aside class="chart notes">
      <h2>Sale reports</h2>
      <p>
        Every drill leaves one: a timeline, who got what when, fairness, conflicts, refusals and where the
        time went.
      </p>
      <ul id="reports" class="links"></ul>
      <p><a href="/console/reports/">All reports</a></p>
    </aside>
  </section>`;
}

/** For a person whose browser may not look. */
export function consoleRefusalPage(problem: Problem): Html {
  return layout(
    problem.title,
    html`<main class="prose">
      <h1>${problem.title}</h1>
      <p>${problem.detail ?? ''}</p>
    </main>`,
  );
}
