/** Sends requests to pods in turn, as a Service does: by readiness, and with the delay of a cluster. */
import { pause, startTicker } from '@evently/kit/clock';

export type Router = {
  /** The next pod's address. */
  pick: () => string;
  /** Where requests are sent now. */
  known: () => string[];
  close: () => Promise<void>;
};

/** A probe of a cluster comes each second or more, and the news take their time to every node. */
const lookMs = 100;
const delayMs = 1_000;
const probeMs = 5_000;

/** A pod that says it is not ready, or whose port is closed, gets no requests a second later. */
export function createRouter(urls: readonly string[]): Router {
  const sent = new Set(urls);
  const closing = new AbortController();
  let turn = 0;
  const look = async (url: string): Promise<void> => {
    if (await isReady(url)) return;
    await pause(delayMs, closing.signal);
    sent.delete(url);
  };
  const ticker = startTicker(lookMs, async () => {
    await Promise.all([...sent].map(look));
  });
  return {
    known: () => [...sent],
    pick: () => {
      const known = [...sent];
      turn += 1;
      const url = known[turn % known.length];
      if (url === undefined) throw new Error('no pod is ready');
      return url;
    },
    close: async () => {
      closing.abort();
      await ticker.stop();
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(probeMs) });
    await answer.body?.cancel();
    return answer.ok;
  } catch (error) {
    // A machine that is only slow is no reason to send nobody there.
    return error instanceof Error && error.name === 'TimeoutError';
  }
}
