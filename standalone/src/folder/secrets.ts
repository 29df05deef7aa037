/** The platform's secrets: made once by the system's generator, kept in the data folder for its owner. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { StandaloneFailure } from '../failure.ts';
import { readIfPresent, replaceFile } from './data-folder.ts';

// Each is the value of the setting of that name. 256 bits each.
const secretNames = [
  'EVENTLY_API_KEY',
  'EVENTLY_BOOTSTRAP_TOKEN',
  'IDENTITY_SECRET',
  'BOOKING_TICKET_SECRET',
  'PAYMENT_WEBHOOK_SECRETS',
] as const;
const secretBytes = 32;

export type Secrets = Readonly<Record<(typeof secretNames)[number], string>>;

const fileSchema = z.partialRecord(z.enum(secretNames), z.string().min(16));

/**
 * Reads `secrets.json` of the folder and makes what is missing. A folder that has databases but no secrets
 * is refused: the keys inside the databases could not be opened with new ones.
 */
export async function keepSecrets(folder: string): Promise<Secrets> {
  const file = path.join(folder, 'secrets.json');
  const text = await readIfPresent(file);
  if (
    text === null &&
    (existsSync(path.join(folder, 'pgdata')) || existsSync(path.join(folder, 'pgdata-location')))
  ) {
    throw new StandaloneFailure(
      `${file} is missing, and the databases beside it cannot be opened without it. Put it back, or begin anew with "make reset".`,
    );
  }
  const kept = text === null ? {} : parseSecrets(file, text);
  const made = (): string => randomBytes(secretBytes).toString('base64url');
  const secrets: Secrets = {
    EVENTLY_API_KEY: kept.EVENTLY_API_KEY ?? made(),
    EVENTLY_BOOTSTRAP_TOKEN: kept.EVENTLY_BOOTSTRAP_TOKEN ?? made(),
    IDENTITY_SECRET: kept.IDENTITY_SECRET ?? made(),
    BOOKING_TICKET_SECRET: kept.BOOKING_TICKET_SECRET ?? made(),
    PAYMENT_WEBHOOK_SECRETS: kept.PAYMENT_WEBHOOK_SECRETS ?? made(),
  };
  if (secretNames.some((name) => kept[name] === undefined)) {
    await replaceFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  return secrets;
}

function parseSecrets(file: string, text: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StandaloneFailure(
      `${file} is not what this program wrote there. Put the right one back, or begin anew with "make reset".`,
      { cause: error },
    );
  }
}
