/** The buyers of a drill: accounts registered once and logged in, or tokens issued for load tests. */
import { z } from 'zod';
import { logInUser, registerUser, type SignedIn } from '../api/accounts.ts';
import { errorTextOf, type Client } from '../api/client.ts';
import { CommandError } from '../command-error.ts';

/** One buyer's access token per entry, all of different users. */
export type Herd = { kind: 'ready'; tokens: readonly string[] } | { kind: 'unavailable'; reason: string };

const parallelRegistrations = 8;
const password = 'drill-buyer-of-evently';

/**
 * Signs in `count` buyers, registering those that do not exist. Hashing their passwords is what takes
 * the time, about 20 ms each on the server, so a herd is signed in once and used for several drills.
 */
export async function signInBuyers(
  client: Client,
  count: number,
  onProgress: (signedIn: number) => void,
): Promise<readonly string[]> {
  const tokens: string[] = [];
  let next = 0;
  let signedIn = 0;
  // The first buyer shows whether this herd exists; guessing right halves the hashing.
  let exists = false;
  async function work(): Promise<void> {
    while (next < count) {
      const index = next;
      next += 1;
      const { session, existed } = await signInBuyer(client, index, exists);
      exists = existed;
      tokens[index] = session.token;
      signedIn += 1;
      onProgress(signedIn);
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallelRegistrations, count) }, work));
  return tokens;
}

async function signInBuyer(
  client: Client,
  index: number,
  likelyExists: boolean,
): Promise<{ session: SignedIn; existed: boolean }> {
  const credentials = { email: `drill-buyer-${index + 1}@drill.evently.example`, password };
  const logIn = async () => ({ session: await logInUser(client, credentials), existed: true });
  const register = async () => ({
    session: await registerUser(client, credentials, `Drill Buyer ${index + 1}`),
    existed: false,
  });
  const order = likelyExists ? [logIn, register] : [register, logIn];
  for (const attempt of order) {
    const { session, existed } = await attempt();
    if (session !== null) return { session, existed };
  }
  throw new CommandError(
    `${credentials.email} exists with another password, so the drill cannot use it. Run "make reset" or use another platform.`,
  );
}

const issuedTokens = z.object({
  users: z.array(z.object({ user_id: z.string(), access_token: z.string() })),
});
const issueDeadlineMs = 120_000;

/** Tokens of users that exist for load tests only; `unavailable` says how to switch the endpoint on. */
export async function issueTokens(userService: Client, apiKey: string, count: number): Promise<Herd> {
  const answer = await userService.send({
    method: 'POST',
    path: '/internal/load-test/tokens',
    apiKey,
    body: { count },
    deadlineMs: issueDeadlineMs,
  });
  if (answer.status === 404) {
    return {
      kind: 'unavailable',
      reason:
        'its buyers need the load test\'s tokens; start the platform with "EVENTLY_LOAD_TEST=1 make start"',
    };
  }
  const parsed = issuedTokens.safeParse(answer.body);
  if (answer.status !== 200 && answer.status !== 201) {
    throw new CommandError(
      `The load test's tokens were refused with ${answer.status}: ${errorTextOf(answer.body)}`,
    );
  }
  if (!parsed.success || parsed.data.users.length < count) {
    throw new CommandError(`${userService.baseUrl} issued fewer tokens than the ${count} asked for.`);
  }
  return { kind: 'ready', tokens: parsed.data.users.map((user) => user.access_token) };
}
