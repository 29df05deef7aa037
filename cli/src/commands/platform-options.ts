/** Options that several commands share: which platform, and who its administrator is. */
import type { Command } from 'commander';
import { z } from 'zod';
import { demonstrationAdmin } from '../api/accounts.ts';
import { CommandError, sentencesOf } from '../command-error.ts';
import { isLoopback, parseTarget, type Target } from '../generator/request-bytes.ts';
import { dataFolder, readRuntime, type Runtime } from '../runtime.ts';

const usualUrl = 'http://127.0.0.1:8080';

/** `--url`; see `findPlatform` for what it is when it is not given. */
export function addUrlOption(command: Command): Command {
  return command.option(
    '--url <url>',
    `the platform's gateway (default: EVENTLY_URL, else the one running here, else ${usualUrl})`,
  );
}

export type Platform = {
  url: string;
  target: Target;
  /** What the platform writes about itself, when it is the standalone one of this project's data folder. */
  runtime: Runtime | null;
};

/** The platform that a command is for: the option's, the environment's, the running standalone's, the usual one. */
export async function findPlatform(given: string | undefined): Promise<Platform> {
  const runtime = await readRuntime(dataFolder(process.env));
  const url = given ?? process.env['EVENTLY_URL'] ?? runtime?.gateway.url ?? usualUrl;
  const target = parseTarget(url);
  if (target === null) throw new CommandError(`"${url}" is not an address such as ${usualUrl}.`);
  const isOwn =
    runtime !== null && parseTarget(runtime.gateway.url)?.port === target.port && isLoopback(target);
  return { url, target, runtime: isOwn ? runtime : null };
}

/** `--admin-email` and `--admin-password`, by default the demonstration's administrator. */
export function addAdminOptions(command: Command): Command {
  return command
    .option(
      '--admin-email <email>',
      'the administrator who makes the events',
      process.env['EVENTLY_ADMIN_EMAIL'] ?? demonstrationAdmin.email,
    )
    .option(
      '--admin-password <password>',
      "better given as EVENTLY_ADMIN_PASSWORD (default: the demonstration's)",
    );
}

/** The administrator's password: the option, else the environment, else the demonstration's. */
export function adminPassword(given: string | undefined): string {
  return given ?? process.env['EVENTLY_ADMIN_PASSWORD'] ?? demonstrationAdmin.password;
}

/** Parses what commander collected; a fault is one sentence. */
export function parseOptions<T>(schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    `The options are not valid: ${sentencesOf(parsed.error.issues)}. Add --help to see them.`,
  );
}

/** A whole number in [min, max] as typed. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`);
}
