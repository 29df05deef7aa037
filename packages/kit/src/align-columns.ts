/** A plain table: columns as wide as their widest value, one line for each row. */

const maxCellCharacters = 200;

/** Long values are cut, and line breaks in them shown as such, so that a row stays a line. */
export function alignColumns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(cut));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function cut(value: string): string {
  const line = value.replaceAll('\n', '\\n');
  return line.length <= maxCellCharacters ? line : `${line.slice(0, maxCellCharacters)}...`;
}
