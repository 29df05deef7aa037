/** The installed platform with its doors open: ways in for buyers, an organizer, and a crowd for any event. */
import { logInAdmin } from 'evently/api/accounts';
import { crowdRounds } from './buyers.ts';
import { readSecret } from './namespace.ts';
import { openWayIn, type WayIn } from './nginx.ts';
import { becomeOrganizer, makeBuyers, registerAccount, type Organizer } from './platform.ts';
import type { Round } from './steady-load.ts';
import type { World } from './world.ts';

export type House = {
  /** As Ingress controllers do it. */
  wayIn: WayIn;
  /** A new connection for each request, and nothing is tried again: every refusal of a pod is seen. */
  strictWayIn: WayIn;
  userUrl: string;
  /** What the services show one another now. */
  apiKey: () => Promise<string>;
  /** A session of the organizer, good for a quarter of an hour. */
  signIn: () => Promise<Organizer>;
  /** What a crowd asks about one event, and the tokens it has. */
  crowdOf: (organizer: Organizer, eventId: string) => Promise<{ rounds: Round[]; tokens: readonly string[] }>;
};

const crowd = 300;
const userPort = 8_001;

export async function openHouse(world: World): Promise<House> {
  const { cluster, group } = world;
  const apiKey = (): Promise<string> => readSecret(cluster, 'evently-platform', 'api-key');
  const bootstrapToken = await readSecret(cluster, 'evently-event', 'bootstrap-token');
  const wayIn = await openWayIn(cluster, group, 'nginx', true);
  const strictWayIn = await openWayIn(cluster, group, 'nginx-strict', false);
  const userUrl = await world.serviceUrl('user', userPort);
  const organizer = await becomeOrganizer(wayIn.url, bootstrapToken);
  const account = await registerAccount(organizer.client);
  return {
    wayIn,
    strictWayIn,
    userUrl,
    apiKey,
    signIn: async () => ({ ...organizer, token: await logInAdmin(organizer.client, organizer) }),
    crowdOf: async (session, eventId) => {
      const tokens = await makeBuyers(userUrl, await apiKey(), crowd);
      return { rounds: crowdRounds({ eventId, tokens, account, organizer: session }), tokens };
    },
  };
}
