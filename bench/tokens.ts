/** Access tokens of buyers, each of which a process sees in one run only. */
import { systemClock } from '@evently/kit/clock';
import { createClient } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';
import { serviceUrl, type Runtime } from 'evently/runtime';

// What one call of the platform's endpoint for load tests gives at most.
const tokensPerCall = 20_000;
// Tokens are valid for 15 minutes, and the longest run takes less than two.
const usableMs = 600_000;

export type TokenStock = {
  /** `count` tokens that the process of this id was never given; other processes may have seen them. */
  take: (processId: number, count: number) => Promise<string[]>;
};

/** Signing takes the user service about 0.3 ms a token, before the run and outside its figures. */
export function openTokenStock(runtimeOf: () => Runtime): TokenStock {
  const issue = async (count: number): Promise<readonly string[]> => {
    const runtime = runtimeOf();
    const herd = await issueTokens(createClient(serviceUrl(runtime, 'user')), runtime.api_key, count);
    if (herd.kind === 'unavailable') throw new Error(herd.reason);
    return herd.tokens;
  };
  return createTokenStock(issue, () => systemClock.now().getTime());
}

/** The stock behind `openTokenStock`: what is nearly expired is dropped, what is missing is issued. */
export function createTokenStock(
  issue: (count: number) => Promise<readonly string[]>,
  nowMs: () => number,
): TokenStock {
  let tokens: { token: string; issuedAtMs: number }[] = [];
  let dropped = 0;
  // Where each process goes on, counted from the first token ever.
  const cursors = new Map<number, number>();
  return {
    take: async (processId, count) => {
      const kept = tokens.filter(({ issuedAtMs }) => nowMs() - issuedAtMs < usableMs);
      dropped += tokens.length - kept.length;
      tokens = kept;
      const from = Math.max(cursors.get(processId) ?? 0, dropped);
      while (dropped + tokens.length < from + count) {
        const wanted = Math.min(tokensPerCall, from + count - dropped - tokens.length);
        const issuedAtMs = nowMs();
        tokens.push(...(await issue(wanted)).map((token) => ({ token, issuedAtMs })));
      }
      cursors.set(processId, from + count);
      return tokens.slice(from - dropped, from + count - dropped).map(({ token }) => token);
    },
  };
}
