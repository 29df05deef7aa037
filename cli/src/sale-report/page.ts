/** The report for people: one HTML file that needs nothing else, readable by light and dark, on paper and on a phone. */
import { listBuyers } from './buyer-rows.ts';
import { drawOrder, drawParts, drawTimeline, drawWaits, outcomeClass } from './draw.ts';
import { escapeText, formatCount, formatMs, formatShare, formatSpan, words } from './markup.ts';
import { policy, style } from './style.ts';
import type { Buyers, SaleStory, Spread, TimeSpent, Timeline } from './story.ts';

/** `name` is that of the JSON file beside it, without ending. */
export function renderReport(story: SaleStory, name: string): string {
  const title = `Sale report: ${story.summary.title}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${escapeText(policy)}">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${renderHead(story)}
${renderBooks(story)}
${renderTimeline(story)}
${renderBuyers(story)}
${renderFairness(story)}
${renderRefusals(story)}
${renderBatches(story)}
${renderTime(story)}
<p class="about">Written ${escapeText(story.summary.written_at)}. The same for programs: <a href="${escapeText(name)}.json">${escapeText(name)}.json</a>.</p>
</main>
</body>
</html>
`;
}

function renderHead({ summary, event, drill, timeline }: SaleStory): string {
  const faults = summary.faults.map((fault) => `<li class="bad">${escapeText(fault)}</li>`).join('');
  const verdict =
    faults === ''
      ? `<p class="verdict good">${drill === null ? 'The books balance' : 'Passed'}: ${formatCount(summary.sold + summary.held)} of ${formatCount(summary.capacity)} seats taken, none of them twice.</p>`
      : `<p class="verdict bad">Not as it must be:</p><ul>${faults}</ul>`;
  const how =
    drill === null
      ? ''
      : ` ${formatCount(drill.buyers)} buyers came for ${formatCount(drill.seats)} seats, ${formatCount(drill.arrivals_per_second)} a second.`;
  return `<h1>${escapeText(summary.title)}</h1>
<p class="soft">${escapeText(event.name)}, from ${escapeText(timeline.started_at)}.${how}<br><code>${escapeText(event.id)}</code></p>
${verdict}`;
}

function renderBooks({ books }: SaleStory): string {
  const tile = (key: 'sold' | 'held' | 'available' | 'oversold', title: string, about: string): string =>
    `<div class="tile"><span>${title}</span><strong data-figure="${key}"${key === 'oversold' && books.oversold > 0 ? ' class="bad"' : ''}>${formatCount(books[key])}</strong><span>${about}</span></div>`;
  const blocked = books.blocked === 0 ? '' : `, ${formatCount(books.blocked)} blocked`;
  const counted =
    books.counted_from === 'database'
      ? `The bookings themselves hold ${formatCount(books.held_by_bookings)} and have bought ${formatCount(books.sold_by_bookings)}.`
      : 'As the interface tells it; the database was not asked.';
  return `<section class="tiles" aria-label="Books">${tile('sold', 'Sold', 'paid for')}${tile('held', 'Held', 'reserved, not paid')}${tile('available', 'Available', 'free')}${tile('oversold', 'Oversold', '0 is right')}</section>
<p class="about">Of ${formatCount(books.capacity)} seats${blocked}. ${counted}</p>`;
}

const seriesNames: Readonly<Record<Timeline['series'][number]['name'], string>> = {
  arrived: 'arrived',
  taken: 'got seats',
  sold: 'paid',
  refused: 'refused',
  unanswered: 'without an answer',
  ended: 'cancelled or expired',
};

function renderTimeline({ timeline }: SaleStory): string {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const shown = timeline.series.filter(({ name, counts }) => name !== 'unanswered' || sum(counts) > 0);
  const items = shown.map(({ name, counts }) =>
    legendItem(name, seriesNames[name], formatCount(sum(counts))),
  );
  return `<section><h2>What happened when</h2>
<p class="about">Buyers in each ${formatSpan(timeline.step_ms)} since the first one came.</p>
<ul class="legend">${items.join('')}</ul>${drawTimeline({ ...timeline, series: shown })}</section>`;
}

function renderBuyers({ buyers, drill }: SaleStory): string {
  if (buyers.count === 0) return '<section><h2>Who got what</h2><p>Nobody came.</p></section>';
  const counts = buyers.outcomes.map(() => 0);
  for (const [, , outcome] of buyers.rows) counts[outcome] = (counts[outcome] ?? 0) + 1;
  const items = buyers.outcomes.map((word, at) =>
    (counts[at] ?? 0) === 0
      ? ''
      : legendItem(outcomeClass(word, at), words(word), formatCount(counts[at] ?? 0)),
  );
  const bounded =
    buyers.rows.length < buyers.count
      ? ` Shown are the first ${formatCount(buyers.rows.length)} of ${formatCount(buyers.count)}.`
      : '';
  return `<section><h2>Who got what</h2>
<p class="about">${escapeText(buyers.about)}${bounded}</p>
<ul class="legend">${items.join('')}</ul>
${drawOrder(buyers)}
${renderWaits(buyers, drill === null ? 'How long it took until each was sold or ended' : 'How long each waited')}
<details><summary>Buyers one by one</summary>${listBuyers(buyers)}</details></section>`;
}

function renderWaits(buyers: Buyers, what: string): string {
  if (buyers.rows.every(([, wait]) => wait === null)) return '';
  return `<p class="about">${what}, by the time of arrival:</p>${drawWaits(buyers)}`;
}

function renderFairness({ fairness, fairness_about: about }: SaleStory): string {
  if (fairness === null)
    return `<section><h2>Fairness</h2><p class="about">${escapeText(about)}</p></section>`;
  if (fairness.pairs === 0) {
    return '<section><h2>Fairness</h2><p>Nobody was refused while another got seats, so nobody was passed over.</p></section>';
  }
  const border =
    fairness.first_refused === null || fairness.last_taken === null
      ? ''
      : `The first who was refused came as number ${formatCount(fairness.first_refused)}, the last who got seats as number ${formatCount(fairness.last_taken)}.`;
  return `<section><h2>Fairness</h2>
<p class="big">${formatShare(fairness.share)}</p>
<p>of ${formatCount(fairness.pairs)} pairs are the wrong way round: ${formatCount(fairness.unfair_pairs)}. ${border}</p>
<p class="about">${escapeText(about)}</p></section>`;
}

function renderRefusals({ refusals, refusals_about: about }: SaleStory): string {
  const rows = Object.entries(refusals)
    .toSorted(([, one], [, other]) => other - one)
    .map(
      ([reason, count]) =>
        `<tr><td>${escapeText(words(reason))}</td><td class="n">${formatCount(count)}</td></tr>`,
    );
  const table =
    rows.length === 0
      ? '<p>Nobody was refused.</p>'
      : `<table><thead><tr><th>Reason</th><th class="n">Buyers</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return `<section><h2>Refusals</h2>${table}<p class="about">${escapeText(about)}</p></section>`;
}

function renderBatches({ batches }: SaleStory): string {
  if (batches === null) {
    return '<section><h2>Batches and version conflicts</h2><p class="about">Not known: the messages of its batches are not kept any more, or the database was not asked.</p></section>';
  }
  return `<section><h2>Batches and version conflicts</h2>
<table><tbody>
<tr><td>Batches that sold</td><td class="n">${formatCount(batches.count)}</td></tr>
<tr><td>Reservations in one, on average</td><td class="n">${Number(batches.mean_size.toFixed(1))}</td></tr>
<tr><td>Reservations in the largest</td><td class="n">${formatCount(batches.largest)}</td></tr>
<tr><td>After another process had written</td><td class="n"><span data-figure="conflicts">${formatCount(batches.conflicts)}</span> (${formatShare(batches.conflict_ratio)})</td></tr>
</tbody></table>
<p class="about">Counted from the versions of the stock that the database keeps. A conflict refuses nobody: the lock puts the batches in order.</p></section>`;
}

function renderTime({ time }: SaleStory): string {
  if (time === null) {
    return '<section><h2>Where the time went</h2><p class="about">Not known: the metrics were not read before and after the sale.</p></section>';
  }
  const rows: readonly (readonly [string, Spread | null])[] = [
    ['A buyer, from the moment meant to arrive to the answer', time.client_ms],
    ['The server, from the request reaching its handler to the answer', time.http_ms],
    ["The line: longest wait of each batch's reservations", time.queue_ms],
    ['The database: statement and commit of each batch', time.batch_ms],
  ];
  const bar =
    time.means === null
      ? renderUndivided(time)
      : `<ul class="legend">${legendItem('outside', 'outside the handler: network, sockets, the drill itself', formatMs(time.means.outside_ms))}${legendItem('handler', 'inside: token, line, statement, commit, answer', formatMs(time.means.handler_ms))}</ul>${drawParts(
          [
            { name: 'outside', value: time.means.outside_ms },
            { name: 'handler', value: time.means.handler_ms },
          ],
        )}`;
  const cells = ({ count, mean, p50, p99 }: Spread): string =>
    `<td class="n">${formatCount(count)}</td><td class="n">${formatMs(mean)}</td><td class="n">${formatMs(p50)}</td><td class="n">${formatMs(p99)}</td>`;
  const nothing = '<td class="n">0</td><td class="n">–</td><td class="n">–</td><td class="n">–</td>';
  const body = rows.map(
    ([what, spread]) => `<tr><td>${what}</td>${spread === null ? nothing : cells(spread)}</tr>`,
  );
  return `<section><h2>Where the time went</h2>${bar}
<div class="scroll"><table class="times"><thead><tr><th></th><th class="n">Count</th><th class="n">Mean</th><th class="n">Half within</th><th class="n">99 % within</th></tr></thead><tbody>${body.join('')}</tbody></table></div>
<p class="about">${escapeText(time.about)}</p></section>`;
}

function renderUndivided({ client_ms: client, http_ms: http }: TimeSpent): string {
  if (client === null || http === null) return '';
  return `<p>The mean is not divided: ${formatCount(client.count)} answers came to buyers, and the server has timed ${formatCount(http.count)} requests. Of those that differ only one of both knows how long they took.</p>`;
}

function legendItem(className: string, label: string, value: string): string {
  return `<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${className}" width="10" height="10" rx="2"/></svg>${escapeText(label)} <b>${value}</b></li>`;
}
