/** `evently admin create`: makes administrators; there is no public way to become one. */
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { z } from 'zod';
import { logInAdmin } from '../api/accounts.ts';
import { createAdmin, createFirstAdmin } from '../api/admins.ts';
import { createClient } from '../api/client.ts';
import { CommandError } from '../command-error.ts';
import { askSecret } from '../screen/ask-secret.ts';
import { addUrlOption, findPlatform, parseOptions } from './platform-options.ts';
import { findBootstrapToken } from './seed.ts';

const optionsSchema = z.object({
  url: z.string().optional(),
  email: z.email('must be an e-mail address'),
  name: z.string().min(1),
  as: z.string().optional(),
  passwordStdin: z.boolean().optional(),
});
type Options = z.output<typeof optionsSchema>;

const examples = `
The first administrator is made with the one-time token of the platform's data folder (or of
EVENTLY_BOOTSTRAP_TOKEN); later ones by an administrator, named with --as, whose password is asked for too
(or read from EVENTLY_ADMIN_PASSWORD).

Examples:
  npx evently admin create --email me@example.com --name "Me"
  npx evently admin create --email you@example.com --name "You" --as me@example.com
  printf %s "$PASSWORD" | npx evently admin create --email me@example.com --name "Me" --password-stdin`;

export function adminCommand(): Command {
  const create = new Command('create')
    .description('make an administrator')
    .requiredOption('--email <email>', 'how they log in')
    .requiredOption('--name <name>', 'what they are called')
    .option('--as <email>', 'the administrator who makes this one')
    .option('--password-stdin', 'read the new password from standard input instead of asking for it');
  addUrlOption(create)
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const id = await makeAdmin(options);
      console.log(`${options.email} is an administrator now (${id}).`);
    });
  return new Command('admin').description('administrators').addCommand(create);
}

async function makeAdmin(options: Options): Promise<string> {
  const { url, runtime } = await findPlatform(options.url);
  const client = createClient(url);
  const password =
    options.passwordStdin === true
      ? (await text(process.stdin)).replace(/\r?\n$/, '')
      : await askTwice(options.email);
  const admin = { email: options.email, name: options.name, password };
  if (options.as !== undefined) {
    const own =
      process.env['EVENTLY_ADMIN_PASSWORD'] ??
      (await askSecret(`Password of ${options.as}: `, `set EVENTLY_ADMIN_PASSWORD to that of ${options.as}`));
    return createAdmin(client, await logInAdmin(client, { email: options.as, password: own }), admin);
  }
  const bootstrapToken = findBootstrapToken(runtime);
  if (bootstrapToken === null) {
    throw new CommandError(
      'The one-time token for the first administrator is not here. Run this on the machine of the platform, ' +
        'set EVENTLY_BOOTSTRAP_TOKEN, or name an administrator with --as.',
    );
  }
  return createFirstAdmin(client, bootstrapToken, admin);
}

async function askTwice(email: string): Promise<string> {
  const otherwise = 'pipe it in with --password-stdin';
  const first = await askSecret(`New password for ${email}: `, otherwise);
  const second = await askSecret('The same again: ', otherwise);
  if (first !== second) throw new CommandError('The two passwords differ; nothing was made.');
  return first;
}
