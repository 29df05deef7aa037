/** Who may look at the console: this machine, whoever shows an administrator's token, or everyone, by a setting. */
import type { Context } from 'hono';
import type { ServiceEnv } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { clientAddress } from '@evently/kit/guards';
import { forbidden, notFound, unauthorized, type Problem } from '@evently/kit/problems';

/** The values of STANDALONE_CONSOLE. */
export const consoleAccess = ['local', 'everyone', 'off'] as const;
export type ConsoleAccess = (typeof consoleAccess)[number];

const loopbackAddress = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const loopbackName = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export const notThisMachine: Problem = {
  ...forbidden,
  title: 'The console is shown to this machine only',
  detail:
    'Open it on the machine itself, or through a tunnel (ssh -L 8080:127.0.0.1:8080 <machine>). Programs may send the access token of an administrator. STANDALONE_CONSOLE=everyone shows it to whoever reaches this address.',
};

/**
 * Null when the caller may look. `local` means a connection from this machine that no proxy forwarded, to a name of this
 * machine: a page of somebody else's that has its name resolved to 127.0.0.1 still carries that name.
 */
export async function refuseViewer(
  c: Context<ServiceEnv>,
  access: ConsoleAccess,
  verifier: TokenVerifier,
): Promise<Problem | null> {
  if (access === 'off') return { ...notFound('page'), detail: 'STANDALONE_CONSOLE=off hides the console.' };
  if (access === 'everyone' || isFromHere(c)) return null;
  const header = c.req.header('authorization');
  if (header === undefined) return notThisMachine;
  const principal = header.startsWith('Bearer ')
    ? await verifier.verify(header.slice('Bearer '.length))
    : null;
  if (principal === null) return unauthorized;
  return principal.role === 'admin' ? null : forbidden;
}

function isFromHere(c: Context<ServiceEnv>): boolean {
  const { address, forwarded } = clientAddress(c, 0);
  const host = URL.canParse(c.req.url) ? new URL(c.req.url).hostname : '';
  return !forwarded && loopbackAddress.test(address) && loopbackName.test(host);
}
