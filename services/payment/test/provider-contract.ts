/** What every adapter of the provider port promises, as tests that run against each of them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderCharge } from '../src/domain/life.ts';
import type { PaymentProvider } from '../src/provider/port.ts';

/** One adapter under test. Its tokens are those that its sandbox documents. */
export type AdapterUnderTest = {
  name: string;
  open: () => Promise<{ provider: PaymentProvider; close: () => Promise<void> }>;
  tokens: { succeeds: string; declines: string; takesMoneyWithoutAnswer: string };
};

const currency = 'INR';
const amountMinor = 20_000;

/** Registers the contract for one adapter. */
export function describeProvider(adapter: AdapterUnderTest): void {
  describe(`the provider ${adapter.name}`, () => {
    let provider: PaymentProvider;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ provider, close } = await adapter.open());
    });
    afterAll(() => close());
    const never = new AbortController().signal;
    const capture = (key: string, token: string, signal = never): Promise<ProviderCharge> =>
      provider.capture({ key, amountMinor, currency, token, method: 'card' }, signal);

    test('takes the money once per key and goes on saying so', async () => {
      const key = randomUUID();
      const first = await capture(key, adapter.tokens.succeeds);
      expect(first).toMatchObject({ status: 'succeeded', amountMinor, currency, declineCode: null });
      expect(first.transactionId).not.toBeNull();
      const repeated = await Promise.all([1, 2, 3].map(() => capture(key, adapter.tokens.succeeds)));
      for (const again of [...repeated, await provider.retrieve(key, never)]) {
        expect(again).toMatchObject({ status: 'succeeded', transactionId: first.transactionId });
      }
    });

    test('says why a card was declined', async () => {
      const key = randomUUID();
      const declined = await capture(key, adapter.tokens.declines);
      expect(declined).toMatchObject({ status: 'declined', transactionId: null });
      expect(declined.declineCode).not.toBeNull();
      expect(await provider.retrieve(key, never)).toMatchObject({ status: 'declined' });
    });

    test('does not know a key that it was never given', async () => {
      expect(await provider.retrieve(randomUUID(), never)).toBeNull();
      expect(await provider.retrieveRefund(randomUUID(), never)).toBeNull();
    });

    test('remembers what it took although its answer never came', async () => {
      const key = randomUUID();
      const unanswered = capture(key, adapter.tokens.takesMoneyWithoutAnswer, AbortSignal.timeout(300));
      await expect(unanswered).rejects.toThrow();
      await expect
        .poll(() => provider.retrieve(key, never))
        .toMatchObject({ status: 'succeeded', amountMinor });
    });

    test('takes no money under a key that was voided, seen before or not', async () => {
      const key = randomUUID();
      expect(await provider.void(key, never)).toMatchObject({ status: 'voided' });
      expect(await provider.void(key, never)).toMatchObject({ status: 'voided' });
      expect(await capture(key, adapter.tokens.succeeds)).toMatchObject({ status: 'voided' });
      expect(await provider.retrieve(key, never)).toMatchObject({ status: 'voided' });
    });

    test('answers a void that comes too late with what is so', async () => {
      const [taken, declined] = [randomUUID(), randomUUID()];
      await capture(taken, adapter.tokens.succeeds);
      await capture(declined, adapter.tokens.declines);
      expect(await provider.void(taken, never)).toMatchObject({ status: 'succeeded' });
      expect(await provider.void(declined, never)).toMatchObject({ status: 'declined' });
    });

    test('gives money back in parts, once per refund id and never more than it took', async () => {
      const key = randomUUID();
      await capture(key, adapter.tokens.succeeds);
      const refundId = randomUUID();
      const part = { key, refundId, amountMinor: 15_000 };
      const refunds = await Promise.all([provider.refund(part, never), provider.refund(part, never)]);
      for (const refund of [...refunds, await provider.retrieveRefund(refundId, never)]) {
        expect(refund).toMatchObject({ status: 'succeeded', amountMinor: 15_000 });
      }
      const tooMuch = await provider.refund({ key, refundId: randomUUID(), amountMinor: 5_001 }, never);
      expect(tooMuch.status).toBe('failed');
      const rest = await provider.refund({ key, refundId: randomUUID(), amountMinor: 5_000 }, never);
      expect(rest.status).toBe('succeeded');
    });

    test('gives nothing back of what it never took', async () => {
      const key = randomUUID();
      await capture(key, adapter.tokens.declines);
      expect((await provider.refund({ key, refundId: randomUUID(), amountMinor: 1 }, never)).status).toBe(
        'failed',
      );
    });

    test('understands no event that is not its own', () => {
      for (const body of ['', 'x', 'null', '[]', '{}']) expect(provider.parseEvent(body)).toBeNull();
    });
  });
}
