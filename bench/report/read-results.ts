/** Reads the results that a folder holds, and refuses what another version or another size of run left there. */
import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BadInput } from '../bad-input.ts';
import { resultFormat, type ResultFile } from '../result.ts';

const named = z.looseObject({ profile: z.string(), variant: z.string(), run: z.int(), at: z.string() });
const envelope = z.looseObject({
  format: z.literal(resultFormat),
  machine: z.looseObject({ processor: z.string(), cores: z.int() }),
  size: z.string(),
  settings: z.record(z.string(), z.string()),
  results: z
    .array(z.discriminatedUnion('kind', [withKind('sale'), withKind('calls'), withKind('skipped')]))
    .min(1),
});
// The benchmark wrote the figures themselves; what is checked is that it was this version of it.
const fileSchema = z.custom<ResultFile>((value) => envelope.safeParse(value).success);

function withKind<Kind extends string>(kind: Kind) {
  return named.extend({ kind: z.literal(kind) });
}

/** All files of runs in `folder`, none of them of another size than the others. */
export async function readResults(folder: URL): Promise<readonly ResultFile[]> {
  const names = await readdir(folder).catch(() => {
    throw new BadInput(`There is no folder ${folder.pathname}`);
  });
  const runs = names.filter((name) => /-\d+\.json$/.test(name)).toSorted();
  if (runs.length === 0) throw new BadInput(`${folder.pathname} holds no results of a benchmark`);
  const files = await Promise.all(
    runs.map(async (name) => parseResults(name, await readFile(new URL(name, folder), 'utf8'))),
  );
  const sizes = new Set(files.map(({ size }) => size));
  if (sizes.size > 1) {
    throw new BadInput(`${folder.pathname} holds results of several sizes: ${[...sizes].join(', ')}`);
  }
  return files;
}

export function parseResults(name: string, text: string): ResultFile {
  const parsed = fileSchema.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  throw new BadInput(`${name} is no result of this version of the benchmark (format ${resultFormat})`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The caller names the file.
  }
}
