/** Options that several commands share: which platform, and who its administrator is. */
import type { Command } from 'commander';
import { z } from 'zod';
import { demonstrationAdmin } from '../api/accounts.ts';
import { CommandError, sentencesOf } from '../command-error.ts';

export const defaultUrl = 'http://127.0.0.1:8080';

/** `--url`, from EVENTLY_URL when that is set. */
export function addUrlOption(command: Command): Command {
  return command.option('--url <url>', "the platform's gateway", process.env['EVENTLY_URL'] ?? defaultUrl);
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
