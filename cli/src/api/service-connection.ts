/** How a command reaches the internal routes of one service: of the running standalone, or of an address it is given. */
import type { Command } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { dataFolder, readRuntime, serviceUrl } from '../runtime.ts';
import { createClient, type Client } from './client.ts';

export type Connection = { client: Client; apiKey: string };

export const serviceOptions = { serviceUrl: z.string().optional(), apiKey: z.string().optional() };
type ServiceOptions = { serviceUrl?: string | undefined; apiKey?: string | undefined };

export function addServiceOptions(command: Command): Command {
  return command
    .option('--service-url <url>', "the service's own port (default: of the running standalone)")
    .option(
      '--api-key <key>',
      'its key, better given as EVENTLY_API_KEY (default: of the running standalone)',
    );
}

/**
 * Throws a `CommandError` when nothing says where the service is. A refusal is told at once, and not asked away: its reason is
 * what whoever runs such a command wants to know.
 */
export async function connectToService(
  service: Parameters<typeof serviceUrl>[1],
  options: ServiceOptions,
): Promise<Connection> {
  const runtime = await readRuntime(dataFolder(process.env));
  const url = options.serviceUrl ?? (runtime === null ? undefined : serviceUrl(runtime, service));
  const apiKey = options.apiKey ?? process.env['EVENTLY_API_KEY'] ?? runtime?.api_key;
  if (url !== undefined && apiKey !== undefined)
    return { client: createClient(url, { attempts: 1, option: '--service-url' }), apiKey };
  throw new CommandError(
    'No platform runs here. Start it with "make start", or name the service with --service-url and EVENTLY_API_KEY.',
  );
}
