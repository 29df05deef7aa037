import { createTestDatabase } from '@evently/testkit/postgres';
import { createPostgresEngine } from '../src/engine/postgres.ts';
import { searchMigrations } from '../src/migrations.ts';
import { describeEngine } from './engine-contract.ts';

describeEngine({
  name: 'postgres',
  open: async () => {
    const { db, drop } = await createTestDatabase([searchMigrations]);
    const engine = createPostgresEngine({ db });
    await engine.prepare();
    return { engine, close: drop };
  },
});
