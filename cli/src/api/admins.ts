/** Making administrators: the first with the one-time bootstrap token, later ones by an administrator. */
import { z } from 'zod';
import type { Credentials } from './accounts.ts';
import { errorTextOf, type Client } from './client.ts';
import { CommandError } from '../command-error.ts';

export type NewAdmin = Credentials & { name: string };
const adminAnswer = z.object({ admin_id: z.string() });

/** The first administrator; the token is refused as soon as there is one. Answers the new id. */
export function createFirstAdmin(client: Client, bootstrapToken: string, admin: NewAdmin): Promise<string> {
  return registerAdmin(client, bootstrapToken, admin);
}

/** One more administrator, made by the one whose access token this is. Answers the new id. */
export function createAdmin(client: Client, adminToken: string, admin: NewAdmin): Promise<string> {
  return registerAdmin(client, adminToken, admin);
}

async function registerAdmin(client: Client, token: string, admin: NewAdmin): Promise<string> {
  const answer = await client.send({
    method: 'POST',
    path: '/api/event/auth/admin/register',
    token,
    body: admin,
  });
  if (answer.status === 409) throw new CommandError(`There is an administrator ${admin.email} already.`);
  if (answer.status === 401 || answer.status === 403) {
    throw new CommandError(
      'The platform has an administrator already, so its one-time token makes no more. Name one who makes this one with --as <email>.',
    );
  }
  const parsed = adminAnswer.safeParse(answer.body);
  if (answer.status !== 201 || !parsed.success) {
    throw new CommandError(
      `${client.baseUrl} refused the administrator with ${answer.status}: ${errorTextOf(answer.body)}`,
    );
  }
  return parsed.data.admin_id;
}
