import { systemClock } from '@evently/kit/clock';
import { createTestDatabase } from '@evently/testkit/postgres';
import { paymentMigrations } from '../src/migrations.ts';
import { createFakeProvider } from '../src/provider/fake.ts';
import { describeProvider, type AdapterUnderTest } from './provider-contract.ts';

const adapters: readonly AdapterUnderTest[] = [
  {
    name: 'fake',
    open: async () => {
      const database = await createTestDatabase([paymentMigrations]);
      const provider = createFakeProvider({
        db: database.db,
        clock: systemClock,
        latencyMs: 0,
        webhooks: 'all',
      });
      return { provider, close: database.drop };
    },
    tokens: { succeeds: 'tok_any', declines: 'tok_decline', takesMoneyWithoutAnswer: 'tok_timeout' },
  },
];
for (const adapter of adapters) describeProvider(adapter);
