/** The files that pages load: our own as they are, and the charts' as their package has them. No page needs a network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type Asset = { bytes: Buffer<ArrayBuffer>; type: string };

const own = fileURLToPath(new URL('../../assets/', import.meta.url));
const charts = path.join(path.dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');
const style = 'text/css; charset=utf-8';
const script = 'text/javascript; charset=utf-8';
const files: Readonly<Record<string, { file: string; type: string }>> = {
  'pages.css': { file: path.join(own, 'pages.css'), type: style },
  'start.js': { file: path.join(own, 'start.js'), type: script },
  'console.css': { file: path.join(own, 'console.css'), type: style },
  'console.js': { file: path.join(own, 'console.js'), type: script },
  'console-charts.js': { file: path.join(own, 'console-charts.js'), type: script },
  'console-frames.js': { file: path.join(own, 'console-frames.js'), type: script },
  'uplot.css': { file: path.join(charts, 'uPlot.min.css'), type: style },
  'uplot.js': { file: path.join(charts, 'uPlot.esm.js'), type: script },
  'icon.svg': { file: path.join(own, 'icon.svg'), type: 'image/svg+xml' },
};

/** Null for a name that is none of them. */
export async function readAsset(name: string): Promise<Asset | null> {
  const found = Object.hasOwn(files, name) ? files[name] : undefined;
  return found === undefined ? null : { bytes: await readFile(found.file), type: found.type };
}
