/** A small prompt for Redis commands, where there is no redis-cli: in a pod, or on a machine that has none. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { monotonicMs, pause } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { openRedis, type RedisConnection } from './connection.ts';

export type RedisPromptOptions = {
  url: string;
  caFile?: string | undefined;
  log: Logger;
  input: Readable;
  output: Writable;
  complain: (sentence: string) => void;
  /** A person sits there: a prompt is shown, and a fault ends the command only. Else it ends the run. */
  isInteractive: boolean;
};

const connectMs = 5_000;
const pollMs = 20;
const commandMs = 10_000;
const maxDepth = 8;

/** Runs one command for each line until the input ends or says `quit`; returns the status to exit with. */
export async function runRedisPrompt(options: RedisPromptOptions): Promise<number> {
  const { url, caFile, log } = options;
  const redis = openRedis({
    url,
    name: 'prompt',
    log,
    commandMs,
    ...(caFile === undefined ? {} : { caFile }),
  });
  try {
    const deadline = monotonicMs() + connectMs;
    while (!redis.isUp() && monotonicMs() < deadline) await pause(pollMs);
    if (!redis.isUp()) {
      options.complain(`Redis does not answer within ${connectMs / 1000} s.`);
      return 1;
    }
    return await converse(redis, options);
  } finally {
    await redis.close();
  }
}

async function converse(redis: RedisConnection, options: RedisPromptOptions): Promise<number> {
  const { input, output, complain, isInteractive } = options;
  const lines = createInterface({ input, output, terminal: isInteractive, prompt: 'redis> ' });
  if (isInteractive) lines.prompt();
  for await (const line of lines) {
    const [command, ...words] = wordsOf(line);
    if (command !== undefined && /^(quit|exit)$/i.test(command)) break;
    if (command !== undefined) {
      try {
        output.write(`${describeReply(await redis.client.call(command, ...words))}\n`);
      } catch (error) {
        complain(error instanceof Error ? error.message : String(error));
        if (!isInteractive) return 1;
      }
    }
    if (isInteractive) lines.prompt();
  }
  return 0;
}

/** Words are parted by spaces; single or double quotes keep spaces, and \" stands for itself between the latter. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double?.replaceAll(/\\(.)/g, '$1') ?? single ?? plain ?? '',
  );
}

/** A reply as a person reads it: nested lists are indented, nothing is "(nil)". */
export function describeReply(reply: unknown, depth = 0): string {
  if (reply === null || reply === undefined) return '(nil)';
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`;
  if (Buffer.isBuffer(reply)) return JSON.stringify(reply.toString());
  if (!Array.isArray(reply)) return typeof reply === 'string' ? reply : JSON.stringify(reply);
  if (reply.length === 0) return '(empty)';
  if (depth >= maxDepth) return '...';
  const indent = '   '.repeat(depth);
  return reply
    .map((one, at) => `${at === 0 && depth > 0 ? '' : indent}${at + 1}) ${describeReply(one, depth + 1)}`)
    .join('\n');
}
