/** Buyers one by one, as many as a person reads: the first, those around the first refusal, and the last. */
import { escapeText, formatCount, formatMs, words } from './markup.ts';
import type { Buyers } from './story.ts';

const shownAtOnce = 100;

/** Rows of the table; what is left out between them is said. */
export function listBuyers({ rows, outcomes, count }: Buyers): string {
  const border = rows.findIndex(([, , outcome]) => outcome !== 0);
  const parts = mergeRanges(
    [
      [0, shownAtOnce],
      [border - shownAtOnce / 2, border + shownAtOnce / 2],
      [rows.length - shownAtOnce, rows.length],
    ],
    rows.length,
  );
  const shown = parts.flatMap(([from, to], part) => {
    const before = part === 0 ? 0 : (parts[part - 1]?.[1] ?? 0);
    const gap =
      from > before
        ? [
            `<tr class="gap"><td colspan="4">${formatCount(from - before)} more, all of them in the JSON file</td></tr>`,
          ]
        : [];
    const own = rows
      .slice(from, to)
      .map(
        ([arrivedMs, outcomeMs, outcome], at) =>
          `<tr><td class="n">${formatCount(from + at + 1)}</td><td class="n">${formatMs(arrivedMs)}</td><td>${escapeText(words(outcomes[outcome] ?? ''))}</td><td class="n">${outcomeMs === null ? '–' : formatMs(outcomeMs)}</td></tr>`,
      );
    return [...gap, ...own];
  });
  const rest =
    count > rows.length
      ? `<tr class="gap"><td colspan="4">${formatCount(count - rows.length)} later ones are not listed</td></tr>`
      : '';
  return `<div class="scroll"><table><thead><tr><th class="n">Number</th><th class="n">Came after</th><th>Outcome</th><th class="n">Known after</th></tr></thead><tbody>${shown.join('')}${rest}</tbody></table></div>`;
}

type Range = readonly [from: number, to: number];

/** Ranges inside [0, length), in order, those that touch made one. */
export function mergeRanges(ranges: readonly Range[], length: number): Range[] {
  const merged: [number, number][] = [];
  const inside = ranges
    .map(([from, to]): Range => [Math.max(0, from), Math.min(length, to)])
    .filter(([from, to]) => from < to)
    .toSorted(([one], [other]) => one - other);
  for (const [from, to] of inside) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
