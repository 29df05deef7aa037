/** Access tokens of buyers, each of them new to the process that is given it, or forgotten by it. */
import { maxRememberedTokens } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { createClient } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';
import { serviceUrl, type Runtime } from 'evently/runtime';

// What one call of the platform's endpoint for load tests gives at most.
const tokensPerCall = 20_000;
// Tokens are valid for 15 minutes, and the longest run takes less than two.
const usableMs = 600_000;

// A process remembers the last tokens that it verified; this many later it has forgotten one, with room to spare.
const rotation = 2 * maxRememberedTokens;

export type TokenStock = {
  /**
   * `count` tokens that the process of this id was never given, or not among the last `rotation` ones, so that
   * it has to verify each of them. More than the stock holds begin again at the first.
   */
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
      const needed = Math.min(count, rotation);
      const cursor = cursors.get(processId) ?? dropped;
      // Of a round whose next tokens have expired the others were given too recently: new ones follow.
      let from = cursor < dropped ? dropped + tokens.length : cursor;
      while (dropped + tokens.length < from + needed && tokens.length < rotation) {
        const wanted = Math.min(
          tokensPerCall,
          rotation - tokens.length,
          from + needed - dropped - tokens.length,
        );
        const issuedAtMs = nowMs();
        tokens.push(...(await issue(wanted)).map((token) => ({ token, issuedAtMs })));
      }
      from -= dropped;
      const next = from + count;
      cursors.set(processId, dropped + (tokens.length < rotation ? next : next % tokens.length));
      return Array.from({ length: count }, (_, at) => tokens[(from + at) % tokens.length]?.token ?? '');
    },
  };
}
