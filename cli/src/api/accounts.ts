/** Accounts over the HTTP interface: buyers that register or log in, administrators that log in. */
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { refusalOf, type ApiAnswer, type ApiRequest, type Client } from './client.ts';

export type Credentials = { email: string; password: string };
export type SignedIn = { userId: string; token: string };

/** The demonstration's accounts; the password is on the list of common ones and allowed by standalone only. */
export const demonstrationPassword = '11111111';
export const demonstrationAdmin: Credentials = {
  email: 'atlanadmin@mail.com',
  password: demonstrationPassword,
};

const userSession = z.object({ user_id: z.string(), access_token: z.string() });
const adminSession = z.object({ admin_id: z.string(), access_token: z.string() });

/** An administrator's access token; says how to make one when the log-in is refused. */
export async function logInAdmin(client: Client, credentials: Credentials): Promise<string> {
  const request: ApiRequest = {
    method: 'POST',
    path: '/api/event/auth/admin/login',
    body: bodyOf(credentials),
  };
  const answer = await client.send(request);
  if (answer.status === 401) {
    throw new CommandError(
      `The administrator ${credentials.email} cannot log in at ${client.baseUrl}. ` +
        'Make the demonstration\'s one with "npx evently seed", or name yours with --admin-email and --admin-password.',
    );
  }
  return parsedOr(adminSession, client, request, answer).access_token;
}

/** Null when the account does not exist or has another password. */
export async function logInUser(client: Client, credentials: Credentials): Promise<SignedIn | null> {
  const request: ApiRequest = { method: 'POST', path: '/api/user/auth/login', body: bodyOf(credentials) };
  const answer = await client.send(request);
  if (answer.status === 401) return null;
  return sessionOf(parsedOr(userSession, client, request, answer));
}

/** Null when the address is taken. */
export async function registerUser(
  client: Client,
  credentials: Credentials,
  name: string,
): Promise<SignedIn | null> {
  const request: ApiRequest = {
    method: 'POST',
    path: '/api/user/auth/register',
    body: { ...bodyOf(credentials), name },
  };
  const answer = await client.send(request);
  if (answer.status === 409) return null;
  return sessionOf(parsedOr(userSession, client, request, answer));
}

// Whatever else the caller's object carries, such as a name, would be refused as an unknown field.
function bodyOf({ email, password }: Credentials): Credentials {
  return { email, password };
}

function sessionOf(session: z.output<typeof userSession>): SignedIn {
  return { userId: session.user_id, token: session.access_token };
}

function parsedOr<T>(schema: z.ZodType<T>, client: Client, request: ApiRequest, answer: ApiAnswer): T {
  const parsed = schema.safeParse(answer.body);
  if (answer.status > 299 || !parsed.success) throw refusalOf(client.baseUrl, request, answer);
  return parsed.data;
}
