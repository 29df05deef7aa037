/** Prepares a run of a load script on a running platform: its events, its buyers' tokens, one file for k6. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import { Command } from 'commander';
import { logInAdmin } from 'evently/api/accounts';
import { createClient, type Client } from 'evently/api/client';
import { CommandError } from 'evently/command-error';
import {
  addAdminOptions,
  addUrlOption,
  adminPassword,
  findPlatform,
  parseOptions,
} from 'evently/commands/platform-options';
import { issueTokens } from 'evently/drill/buyers';
import { stageEvent } from 'evently/drill/stage';
import { serviceUrl, type Runtime } from 'evently/runtime';
import { z } from 'zod';
import type { Prepared } from './lib/prepared-file.ts';
import { buyersOf, readSizes, scriptNames, sizesOf, type ScriptName, type Sizes } from './lib/sizes.ts';

// What one call of the platform's endpoint for load tests gives at most.
const tokensPerCall = 20_000;
// Between the last token's making and the first arrival, and from the last arrival to the end.
const graceSeconds = 60;
const ownerOnly = 0o600;
const usualFolder = fileURLToPath(new URL('../.cache/load', import.meta.url));

const optionsSchema = z.object({
  url: z.string().optional(),
  out: z.string().optional(),
  userUrl: z.string().optional(),
  apiKey: z.string().optional(),
  adminEmail: z.string(),
  adminPassword: z.string().optional(),
});
type Options = z.output<typeof optionsSchema>;
const claims = z.object({ exp: z.number(), iat: z.number() });

const sizeLines = scriptNames.map(
  (name) =>
    `  ${name.padEnd(16)}${sizesOf(name)
      .map(({ variable, fallback }) => `${variable}=${fallback}`)
      .join(' ')}`,
);
const help = `
Sizes, by variables of the environment, with their defaults:
${sizeLines.join('\n')}

Example:
  RATE=200 DURATION_SECONDS=5 SEATS=500 node_modules/.bin/node load/prepare.ts on-sale
  k6 run load/on-sale.ts`;

const command = new Command('prepare')
  .description("makes a load script's events and buyers on a running platform")
  .argument('<script>', scriptNames.join(', '))
  .option('--out <file>', 'where to write (default: .cache/load/<script>.json)')
  .option('--user-url <url>', "the user service's own port, for tokens (default: of the running standalone)")
  .option('--api-key <key>', 'its key, better given as EVENTLY_API_KEY (default: of the running standalone)');
addAdminOptions(addUrlOption(command))
  .addHelpText('after', help)
  .action(async (script: string, given: unknown) =>
    prepare(scriptNamed(script), parseOptions(optionsSchema, given)),
  );

try {
  await command.parseAsync(process.argv);
} catch (error) {
  const expected = error instanceof CommandError || error instanceof ConfigError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}

async function prepare(script: ScriptName, options: Options): Promise<void> {
  const sizes = sizesFor(script);
  const { url, runtime } = await findPlatform(options.url);
  const tokens = await issueMany(options, runtime, buyersOf(script, sizes), sizes.seconds);
  const client = createClient(url);
  const adminToken = await logInAdmin(client, {
    email: options.adminEmail,
    password: adminPassword(options.adminPassword),
  });
  const prepared: Prepared = {
    script,
    base_url: url,
    sizes,
    events: await stageEvents(client, adminToken, script, sizes),
    tokens: [...tokens],
  };
  const file = path.resolve(options.out ?? path.join(usualFolder, `${script}.json`));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(prepared), { mode: ownerOnly });
  console.log(
    `${script}: events ${sizes.events}, seats of each ${sizes.seats}, buyers ${tokens.length}; written to ${path.relative('', file)}`,
  );
}

function scriptNamed(given: string): ScriptName {
  const script = scriptNames.find((name) => name === given);
  if (script !== undefined) return script;
  throw new CommandError(`There is no load script "${given}". There are: ${scriptNames.join(', ')}.`);
}

function sizesFor(script: ScriptName): Sizes {
  try {
    return readSizes(script, process.env);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

async function stageEvents(
  client: Client,
  adminToken: string,
  script: ScriptName,
  { events, seats }: Sizes,
): Promise<Prepared['events']> {
  const staged: Prepared['events'] = [];
  for (let at = 1; at <= events; at += 1) {
    const event = await stageEvent(client, adminToken, `Load ${script} ${at}`, seats, systemClock.now());
    staged.push({ event_id: event.eventId, seats });
  }
  return staged;
}

/** Tokens of `count` different buyers that outlive a run of `seconds`. */
async function issueMany(
  options: Options,
  runtime: Runtime | null,
  count: number,
  seconds: number,
): Promise<readonly string[]> {
  if (count === 0) return [];
  const userUrl = options.userUrl ?? (runtime === null ? undefined : serviceUrl(runtime, 'user'));
  const apiKey = options.apiKey ?? process.env['EVENTLY_API_KEY'] ?? runtime?.api_key;
  if (userUrl === undefined || apiKey === undefined) {
    throw new CommandError(
      "Buyers need the load test's tokens: name the user service with --user-url and EVENTLY_API_KEY, started with EVENTLY_LOAD_TEST=1.",
    );
  }
  const userService = createClient(userUrl);
  const tokens: string[] = [];
  while (tokens.length < count) {
    const herd = await issueTokens(userService, apiKey, Math.min(tokensPerCall, count - tokens.length));
    if (herd.kind === 'unavailable') throw new CommandError(`No run was prepared: ${herd.reason}.`);
    tokens.push(...herd.tokens);
  }
  requireLifetime(tokens[0] ?? '', seconds + graceSeconds);
  return tokens;
}

/** A buyer whose token ends in mid-run would be counted as a failure of the platform. */
function requireLifetime(token: string, seconds: number): void {
  const payload = token.split('.')[1] ?? '';
  const { exp, iat } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  if (exp - iat >= seconds) return;
  throw new CommandError(
    `The platform's tokens live ${exp - iat} s, and this run needs ${seconds} s: start the platform with IDENTITY_ACCESS_TOKEN_SECONDS=${seconds}.`,
  );
}
