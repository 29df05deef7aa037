/** Tables in Markdown. Pure. */
import type { Spread } from '../analysis/spread.ts';

/** The first `left` columns are text, the others numbers. Columns in which every cell is empty are left out. */
export function markdownTable(
  head: readonly string[],
  left: number,
  rows: readonly (readonly string[])[],
): string {
  const kept = head.map((_, at) => rows.some((cells) => (cells[at] ?? '') !== ''));
  const lines = [head, head.map((_, at) => (at < left ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.filter((_, at) => kept[at]).join(' | ')} |`).join('\n');
}

/** "1,200 (1,100 to 1,300)": the median, and the range when the runs differ. */
export function formatSpread({ median, least, most }: Spread, format: (value: number) => string): string {
  const [low, high] = [format(least), format(most)];
  return low === high ? format(median) : `${format(median)} (${low} to ${high})`;
}

/** "12.3 %"; three digits where it is nearly nothing. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 3 : 1)} %`;
}
