/** Writes the picture and the table of the floor simulation into docs/; the same every time. */
import { readFile, writeFile } from 'node:fs/promises';
import { drawFloors, simulateAll, tableOf } from './floor-report.ts';

const page = new URL('../../docs/floor-simulation.md', import.meta.url);
const picture = new URL('../../docs/floor-simulation.svg', import.meta.url);

const results = simulateAll();
const text = await readFile(page, 'utf8');
const marked = /(<!-- table -->\n)[\s\S]*?(\n<!-- end of table -->)/;
if (!marked.test(text))
  throw new Error(`${page.pathname} has no place for the table: write <!-- table --> there`);
await writeFile(
  page,
  text.replace(marked, (_, before: string, after: string) => `${before}\n${tableOf(results)}\n${after}`),
);
await writeFile(picture, drawFloors(results));
console.log(tableOf(results));
