/** Puts a story into a folder: a page for people and JSON for programs, under one name that begins with the time. */
import path from 'node:path';
import { reportFolder, reportJson } from '@evently/standalone/console/report-folder';
import { makeFolders, replaceFile } from '@evently/standalone/folder/data-folder';
import { CommandError } from '../command-error.ts';
import { dataFolder, type Runtime } from '../runtime.ts';
import { renderReport } from './page.ts';
import type { SaleStory } from './story.ts';

export type WrittenReport = { html: string; json: string; address: string | null };
/** `address` is where the running platform shows what lies in `folder`, if it does. */
export type ReportPlace = { folder: string; address: string | null };

/** The folder that was named, else that of the platform running here; null when it is neither. */
export function reportPlace(named: string | undefined, runtime: Runtime | null): ReportPlace | null {
  const own = reportFolder(dataFolder(process.env));
  const shown = runtime === null ? null : `${runtime.gateway.url}/console/reports/`;
  if (named !== undefined) {
    const folder = path.resolve(named);
    return { folder, address: folder === own ? shown : null };
  }
  return runtime === null ? null : { folder: own, address: shown };
}

/** Throws a sentence when the folder cannot be written. */
export async function writeReport(place: ReportPlace, story: SaleStory): Promise<WrittenReport> {
  const name = nameOf(story);
  const html = path.join(place.folder, `${name}.html`);
  const json = path.join(place.folder, `${name}.json`);
  const { summary, ...rest } = story;
  try {
    await makeFolders(place.folder);
    // The list shows what has JSON, so that comes last.
    await replaceFile(html, renderReport(story, name));
    await replaceFile(json, reportJson(summary, rest));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `The report cannot be written to ${place.folder} (${reason}). Name a folder that you may write to with --report.`,
    );
  }
  return { html, json, address: place.address === null ? null : `${place.address}${name}.html` };
}

function nameOf({ summary, drill, event }: SaleStory): string {
  const instant = summary.written_at.replaceAll(/[-:]/g, '').replace('.', '-').toLowerCase();
  return `${instant}-${drill?.name ?? 'event'}-${event.id.slice(-8)}`;
}
