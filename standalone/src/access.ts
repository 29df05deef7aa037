/** Who may look at what the platform tells of itself: this machine, an administrator by token, or everyone, by a setting. */
import type { Context } from 'hono';
import type { ServiceEnv } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { bearerOf, clientAddress } from '@evently/kit/guards';
import { forbidden, unauthorized, unavailable, type Problem } from '@evently/kit/problems';

/** The values of STANDALONE_CONSOLE; those of STANDALONE_METRICS are the first two. */
export const consoleAccess = ['local', 'everyone', 'off'] as const;
export const metricsAccess = ['local', 'everyone'] as const;
export type ConsoleAccess = (typeof consoleAccess)[number];
export type MetricsAccess = (typeof metricsAccess)[number];

const startingSeconds = 1;
/** What is answered where nobody can yet. */
export const starting: Problem = unavailable(
  'starting',
  'The platform is starting; come again in a second.',
  startingSeconds,
);

/** What is looked at: its name and its usual port for people, and the setting that shows it to all. */
export type Shown = { title: string; port: number; setting: string };

const loopbackAddress = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const loopbackName = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function notThisMachine({ title, port: usual, setting }: Shown, asked: string): Problem {
  const port = asked === '' ? usual : asked;
  return {
    ...forbidden,
    title: `${title} to this machine only`,
    detail: `Open it on the machine itself, or through a tunnel (ssh -L ${port}:127.0.0.1:${port} <machine>). Programs may send the access token of an administrator. ${setting}=everyone shows it to whoever reaches this address.`,
  };
}

/**
 * Null when the caller may look: it is this machine, or sends the token of an administrator. This machine is a connection
 * from it that no proxy forwarded, to a name of it: a page of somebody else's that has its name resolved to 127.0.0.1
 * still carries that name.
 * @param verifier null while the platform starts
 */
export async function refuseStranger(
  c: Context<ServiceEnv>,
  shown: Shown,
  verifier: TokenVerifier | null,
): Promise<Problem | null> {
  if (isFromHere(c)) return null;
  const header = c.req.header('authorization');
  if (header === undefined) return notThisMachine(shown, addressOf(c)?.port ?? '');
  if (verifier === null) return starting;
  const token = bearerOf(header);
  const principal = token === null ? null : await verifier.verify(token);
  if (principal === null) return unauthorized;
  return principal.role === 'admin' ? null : forbidden;
}

function isFromHere(c: Context<ServiceEnv>): boolean {
  const { address, forwarded } = clientAddress(c, 0);
  return !forwarded && loopbackAddress.test(address) && loopbackName.test(addressOf(c)?.hostname ?? '');
}

function addressOf(c: Context<ServiceEnv>): URL | null {
  return URL.parse(c.req.url);
}
