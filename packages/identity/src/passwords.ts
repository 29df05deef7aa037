/** Passwords: argon2id off the event loop behind a bounded queue, and the policy for new ones. */
import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { createPasswordPolicy } from './password-policy.ts';
import type { IdentityConfig } from './settings.ts';

export type HashOutcome = { kind: 'hashed'; hash: string } | { kind: 'busy' };
export type VerifyOutcome = { kind: 'match'; outdated: boolean } | { kind: 'mismatch' } | { kind: 'busy' };

export type Passwords = {
  /** A sentence for the field `password` when the policy refuses it, else null. */
  fault: (password: string) => string | null;
  /** `busy` at once when the queue is full. */
  hash: (password: string) => Promise<HashOutcome>;
  /**
   * Null stands for an unknown account and costs the same time as a wrong password. `outdated` asks
   * the caller to hash the password again, because the cost parameters have changed since.
   */
  verify: (password: string, storedHash: string | null) => Promise<VerifyOutcome>;
  /** Hashes waiting or running, for a gauge. */
  pending: () => number;
};

/** OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane. */
export const argon2Cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const saltBytes = 16;

export function createPasswords(
  config: Pick<
    IdentityConfig,
    | 'IDENTITY_HASHES_RUNNING'
    | 'IDENTITY_HASHES_WAITING'
    | 'IDENTITY_PASSWORD_MIN_LENGTH'
    | 'IDENTITY_COMMON_PASSWORDS'
  >,
  cost = argon2Cost,
): Passwords {
  const queue = createBoundedQueue(config.IDENTITY_HASHES_RUNNING, config.IDENTITY_HASHES_WAITING);
  const policy = createPasswordPolicy(
    config.IDENTITY_PASSWORD_MIN_LENGTH,
    config.IDENTITY_COMMON_PASSWORDS === 'refused',
  );
  const decoy = decoyHash(cost);
  return {
    fault: policy,
    hash: async (password) => {
      const hashed = await queue.run(() => hash(canonical(password), cost));
      return hashed === 'busy' ? { kind: 'busy' } : { kind: 'hashed', hash: hashed.value };
    },
    verify: async (password, storedHash) => {
      const verified = await queue.run(() => verify(storedHash ?? decoy, canonical(password)));
      if (verified === 'busy') return { kind: 'busy' };
      if (storedHash === null || !verified.value) return { kind: 'mismatch' };
      return { kind: 'match', outdated: isOutdated(storedHash, cost) };
    },
    pending: queue.pending,
  };
}

/** One person's password typed on two keyboards is one password (NIST SP 800-63B, 3.1.1.2). */
function canonical(password: string): string {
  return password.normalize('NFKC');
}

function isOutdated(storedHash: string, cost: typeof argon2Cost): boolean {
  const { memoryCost, timeCost, parallelism, outputLen } = parseOptions(storedHash);
  return (
    memoryCost !== cost.memoryCost ||
    timeCost !== cost.timeCost ||
    parallelism !== cost.parallelism ||
    outputLen !== cost.outputLen
  );
}

/** A well-formed hash of nothing: verifying against it takes the usual time and never succeeds. */
function decoyHash(cost: typeof argon2Cost): string {
  const phc = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '');
  const { memoryCost, timeCost, parallelism, outputLen } = cost;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${phc(saltBytes)}$${phc(outputLen)}`;
}

type BoundedQueue = {
  run: <T>(work: () => Promise<T>) => Promise<{ value: T } | 'busy'>;
  pending: () => number;
};

/** Runs at most `maxRunning` at once, first come first served; refuses when `maxWaiting` wait already. */
function createBoundedQueue(maxRunning: number, maxWaiting: number): BoundedQueue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    pending: () => running + waiting.length,
    run: async (work) => {
      if (running >= maxRunning) {
        if (waiting.length >= maxWaiting) return 'busy';
        // The place is handed over by whoever finishes, so that a newcomer cannot overtake.
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else {
        running += 1;
      }
      try {
        return { value: await work() };
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
