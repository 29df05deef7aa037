import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from './log.ts';

test('secrets and personal data are removed wherever they stand', () => {
  let written = '';
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString('utf8');
      done();
    },
  });
  const log = createLogger('test', 'info', destination);
  log.info(
    {
      request_id: 'visible',
      password: 'canary',
      body: { access_token: 'canary', deeper: { email: 'canary' } },
    },
    'request',
  );
  log.debug({ request_id: 'not written' }, 'detail');
  expect(written).toContain('visible');
  expect(written).not.toContain('canary');
  expect(written).not.toContain('not written');
  expect(JSON.parse(written)).toMatchObject({
    level: 'info',
    service: 'test',
    msg: 'request',
    password: '[removed]',
  });
});
