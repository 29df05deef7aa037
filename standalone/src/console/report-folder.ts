/** The folder of sale reports: what lies in it, newest first, and one file of it. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** What the list shows of a report; the first line of its JSON file. */
export const reportSummary = z.object({
  /** When the report was written, RFC 3339. */
  written_at: z.string(),
  title: z.string(),
  event_id: z.string(),
  event_name: z.string(),
  capacity: z.int(),
  sold: z.int(),
  held: z.int(),
  available: z.int(),
  oversold: z.int(),
  /** `drill`, or `afterwards` from what the database still knows. */
  source: z.enum(['drill', 'afterwards']),
  /** What went wrong, one sentence each; none when all is well. */
  faults: z.array(z.string()),
});
export type ReportSummary = z.output<typeof reportSummary>;

export type ListedReport = { name: string; bytes: number; summary: ReportSummary };
export type ReportList = { reports: readonly ListedReport[]; older: number };

/** Beside `runtime.json`, so that whoever writes and whoever shows it agree. */
export function reportFolder(dataFolder: string): string {
  return path.join(dataFolder, 'reports');
}

const nameForm = /^[a-z0-9][a-z0-9-]{0,119}$/;
const summaryLine = /^\{"summary":(\{.*\}),$/;
const maxListed = 50;
const maxHeadBytes = 8_192;
const maxFileBytes = 8_000_000;

/** The first line of a report's JSON carries the summary alone, so that a list reads a few kilobytes of each. */
export function reportJson(summary: ReportSummary, rest: object): string {
  return `{"summary":${JSON.stringify(summary)},\n${JSON.stringify(rest).slice(1)}\n`;
}

/** Names without ending, newest first: they begin with the time. */
export async function listReportNames(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((name) => nameForm.test(name))
    .toSorted()
    .toReversed();
}

/** The newest 50; a file that is no report is left out. */
export async function listReports(folder: string): Promise<ReportList> {
  const names = await listReportNames(folder);
  const read = await Promise.all(names.slice(0, maxListed).map((name) => readSummary(folder, name)));
  return {
    reports: read.filter((report) => report !== null),
    older: Math.max(0, names.length - maxListed),
  };
}

async function readSummary(folder: string, name: string): Promise<ListedReport | null> {
  const handle = await open(path.join(folder, `${name}.json`), 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxHeadBytes), 0, maxHeadBytes, 0);
    const [line = ''] = buffer.subarray(0, bytesRead).toString('utf8').split('\n', 1);
    const summary = reportSummary.safeParse(parseOrNull(summaryLine.exec(line)?.[1] ?? ''));
    return summary.success ? { name, bytes: (await handle.stat()).size, summary: summary.data } : null;
  } finally {
    await handle.close();
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not a report: left out.
  }
}

/** The file of that name and ending; null when there is none, or none that this folder may give out. */
export async function readReport(
  folder: string,
  name: string,
  ending: 'html' | 'json',
): Promise<Buffer<ArrayBuffer> | null> {
  if (!nameForm.test(name)) return null;
  const file = path.join(folder, `${name}.${ending}`);
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile() || found.size > maxFileBytes) return null;
  return readFile(file);
}
