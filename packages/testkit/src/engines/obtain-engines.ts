/** Before the suites against other engines: says which are here, and makes those that can be made. */
import { obtainEngine } from './engine.ts';
import { k6 } from './k6.ts';
import { redisServer } from './redis.ts';

const engines = [k6, redisServer];

export default async function setup(): Promise<void> {
  const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
  for (const engine of engines) {
    const search = await obtainEngine(engine, say);
    say(
      search.kind === 'found'
        ? `${engine.command} ${search.version}: ${search.program}`
        : `${engine.command} is missing, and with it all tests that need it: ${search.reason}`,
    );
  }
}
