/** Rows of `idempotency_keys` that belong to one person, forgotten with the person. */
import type { Sql } from '@evently/kit/postgres';

export async function deleteRememberedAnswers(client: Sql, principal: string): Promise<void> {
  await client.query({
    name: 'delete-remembered-answers',
    text: 'delete from idempotency_keys where principal = $1',
    values: [principal],
  });
}
