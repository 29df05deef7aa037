/** Search with OpenSearch on the development cluster: it reaches OpenSearch, nobody else does, and nothing else is opened. */
import { beforeEach, expect, test } from 'vitest';
import { helmWorld } from '../charts/helm-world.ts';
import { audit } from './audit.ts';
import { kindPicture, kindPictureWithOpenSearch } from './pictures.ts';

const world = helmWorld();
let rendered = '';
beforeEach(async () => {
  const { helm } = world.copy();
  const values = [
    'charts/evently/values-kind.yaml',
    'k8s/dev/values-dev.yaml',
    'k8s/dev/values-opensearch.yaml',
  ];
  rendered ||= await helm([
    'template',
    'evently',
    'evently',
    '--namespace=evently',
    ...values.map(valuesFlag),
  ]);
});

function valuesFlag(file: string): string {
  return `--values=${new URL(`../../${file}`, import.meta.url).pathname}`;
}

test('every call is allowed, that of search to OpenSearch too, and nothing besides', () => {
  expect(audit(kindPictureWithOpenSearch(rendered))).toEqual([]);
});

test('a search that asks its database does not reach OpenSearch', () => {
  const { calls, ...without } = kindPicture();
  const { calls: all } = kindPictureWithOpenSearch(rendered);
  const asked = all.filter((call) => !calls.some((known) => JSON.stringify(known) === JSON.stringify(call)));
  expect(asked).toHaveLength(1);
  expect(audit({ ...without, calls: all })).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^search -> opensearch on 9200\/TCP is refused by the egress of the caller/),
    ]),
  );
});

test('without its own policy OpenSearch refuses search', () => {
  const picture = kindPictureWithOpenSearch(rendered);
  const policies = picture.policies.filter(({ name }) => name !== 'opensearch-search');
  expect(audit({ ...picture, policies })).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^search -> opensearch on 9200\/TCP is refused by the ingress of the called/),
    ]),
  );
});
