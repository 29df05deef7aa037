import { afterAll, beforeEach } from 'vitest';
import { describeEngine } from './engine-contract.ts';
import { createOpenSearchForTests } from './opensearch-under-test.ts';

const openSearch = createOpenSearchForTests();
beforeEach(async ({ skip }) => {
  await openSearch.start(skip);
});
afterAll(() => openSearch.stop());

describeEngine({ name: 'opensearch', open: openSearch.open });
