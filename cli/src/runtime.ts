/** What a running standalone platform writes down about itself, for commands on the same machine. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CommandError, sentencesOf } from './command-error.ts';

const port = z.int().min(1).max(65_535);
const runtimeSchema = z.object({
  pid: z.int(),
  gateway: z.object({ url: z.string() }),
  ports: z.object({ user: port, event: port, search: port, booking: port, payment: port, metrics: port }),
  databases: z.object({
    user: z.string(),
    event: z.string(),
    search: z.string(),
    booking: z.string(),
    payment: z.string(),
  }),
  postgres_pid: z.int(),
  api_key: z.string(),
  bootstrap_token: z.string(),
  load_test: z.boolean(),
});
/** Holds secrets: the file is readable by its owner only, and nothing of it is printed. */
export type Runtime = z.output<typeof runtimeSchema>;

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
type Environment = Readonly<Record<string, string | undefined>>;

/** `EVENTLY_DATA_DIR`, relative to the project's root as standalone reads it, else `.evently` there. */
export function dataFolder(env: Environment): string {
  const named = env['EVENTLY_DATA_DIR'];
  return named === undefined || named === ''
    ? path.join(projectRoot, '.evently')
    : path.resolve(projectRoot, named);
}

/**
 * The running platform of `folder`; null when none has been started there. A file that is not what
 * standalone writes is an error.
 */
export async function readRuntime(folder: string): Promise<Runtime | null> {
  const file = path.join(folder, 'runtime.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new CommandError(
      `${file} cannot be read (${error.code ?? error.message}); it belongs to who started the platform.`,
    );
  });
  if (text === null) return null;
  const parsed = runtimeSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CommandError(
    `${file} is not readable (${sentencesOf(parsed.error.issues)}); start the platform again with "make start".`,
  );
}

/** Where a service listens on its own port, beside the gateway. */
export function serviceUrl(runtime: Runtime, service: keyof Omit<Runtime['ports'], 'metrics'>): string {
  const url = new URL(runtime.gateway.url);
  url.port = String(runtime.ports[service]);
  return url.origin;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not JSON: refused by the schema with the file's name.
  }
}
