/** Access tokens of buyers that no server has seen before, as many as a run needs. */
import { createClient } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';
import { serviceUrl, type Runtime } from 'evently/runtime';

// What one call of the platform's endpoint for load tests gives at most.
const tokensPerCall = 20_000;

/** Signing takes the user service about 0.3 ms a token, before the run and outside its figures. */
export async function issueMany(runtime: Runtime, count: number): Promise<string[]> {
  const userService = createClient(serviceUrl(runtime, 'user'));
  const tokens: string[] = [];
  while (tokens.length < count) {
    const wanted = Math.min(tokensPerCall, count - tokens.length);
    const herd = await issueTokens(userService, runtime.api_key, wanted);
    if (herd.kind === 'unavailable') throw new Error(herd.reason);
    tokens.push(...herd.tokens);
  }
  return tokens;
}
