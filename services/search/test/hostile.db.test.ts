import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askHostile, expectAnsweredOrRefused } from './hostile-inputs.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import {
  createSearchUnderTest,
  search,
  settled,
  tellDocument,
  type SearchUnderTest,
} from './search-service.ts';

let under: SearchUnderTest;
beforeAll(async () => {
  under = await createSearchUnderTest();
  await under.service.start();
  await tellDocument(under, randomUUID(), 1, makeCatalogDocument({ name: 'Jazz Night' }));
  await settled(under);
});
afterAll(() => under.close());

test('hostile inputs are answered or refused, never an error, and everything works afterwards', async () => {
  expectAnsweredOrRefused(await askHostile(under));
  expect((await search(under, 'q=jazz')).total).toBe(1);
});
