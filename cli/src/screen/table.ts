/** Tables and numbers as people read them; colours only where a terminal shows them. */
import { styleText } from 'node:util';
import Table from 'cli-table3';

export type Tone = 'good' | 'bad' | 'quiet' | 'strong';
const styles = { good: 'green', bad: 'red', quiet: 'gray', strong: 'bold' } as const;

/** Coloured when standard output is a terminal and NO_COLOR is not set. */
export function tint(tone: Tone, text: string): string {
  return styleText(styles[tone], text, { stream: process.stdout });
}

/** A table with a head; `alignRight` names columns of figures, `airy` draws a line below each row. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { alignRight?: readonly number[]; widths?: readonly (number | null)[]; airy?: boolean } = {},
): string {
  const table = new Table({
    head: head.map((title) => tint('strong', title)),
    style: { head: [], border: [], compact: options.airy !== true },
    colAligns: head.map((_, column) => (options.alignRight?.includes(column) === true ? 'right' : 'left')),
    ...(options.widths === undefined ? {} : { colWidths: [...options.widths], wordWrap: true }),
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** 12345 -> "12,345" */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Milliseconds with as many digits as matter: "0.84 ms", "12.3 ms", "1.42 s". */
export function formatMs(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}
