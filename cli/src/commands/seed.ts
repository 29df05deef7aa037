/** `evently seed`: puts the demonstration on a platform. */
import { systemClock } from '@evently/kit/clock';
import { Command } from 'commander';
import { z } from 'zod';
import { createClient } from '../api/client.ts';
import { CommandError } from '../command-error.ts';
import { isLoopback } from '../generator/request-bytes.ts';
import type { Runtime } from '../runtime.ts';
import { createProgress } from '../screen/progress.ts';
import { seedPlatform, type SeedSummary } from '../seed/seed-platform.ts';
import { addUrlOption, findPlatform, parseOptions } from './platform-options.ts';

const optionsSchema = z.object({ url: z.string().optional(), force: z.boolean().optional() });

const examples = `
What it makes: users atlan1@mail.com and atlan2@mail.com, the administrator atlanadmin@mail.com (password
11111111 for all three), ten venues and ten published events in India. Running it again changes nothing.
A platform that refuses common passwords (IDENTITY_COMMON_PASSWORDS, as pods do unless told otherwise) refuses these.

Examples:
  npx evently seed                                      this machine's platform
  EVENTLY_BOOTSTRAP_TOKEN=... npx evently seed --force --url http://10.0.0.5:8080`;

export function seedCommand(): Command {
  const command = new Command('seed')
    .description('the demonstration: two users, an administrator, ten published events')
    .option('--force', 'also on a platform of another machine: its accounts have a password everybody knows');
  return addUrlOption(command)
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const { url, target, runtime } = await findPlatform(options.url);
      if (!isLoopback(target) && options.force !== true) {
        throw new CommandError(
          `${url} is another machine, and the demonstration's passwords are public. Add --force if you mean it.`,
        );
      }
      const summary = await seedPlatform({
        client: createClient(url),
        progress: createProgress(process.stderr, false),
        now: systemClock.now(),
        bootstrapToken: findBootstrapToken(runtime),
      });
      console.log(describeSeed(summary));
    });
}

/** The environment's token, else the one of the standalone platform running here. */
export function findBootstrapToken(runtime: Runtime | null): string | null {
  const given = process.env['EVENTLY_BOOTSTRAP_TOKEN'];
  return given !== undefined && given !== '' ? given : (runtime?.bootstrap_token ?? null);
}

function describeSeed({ users, admins, venues, events }: SeedSummary): string {
  if (users + admins + venues + events === 0) return 'Everything was there already; nothing changed.';
  return `Made ${admins} administrator, ${users} users, ${venues} venues and ${events} published events.`;
}
