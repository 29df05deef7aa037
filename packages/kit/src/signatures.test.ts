import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createTestTokens } from '@evently/testkit/tokens';
import { areSigned, createSignatureChecker, type Signed } from './signatures.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

function signed(text: string, key = privateKey): string {
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** Every third token is false in some way. */
function mixture(count: number): { tokens: Signed[]; valid: boolean[] } {
  const forged = [
    signed('a.b', stranger.privateKey),
    'a.b.',
    'no token',
    `${signed('a.b').slice(0, -8)}AAAAAAAA`,
  ];
  const tokens = Array.from({ length: count }, (_, at) => ({
    token: at % 3 === 2 ? (forged[at % forged.length] ?? '') : signed(`header.claims${at}`),
    key: publicKey,
  }));
  return { tokens, valid: tokens.map((_, at) => at % 3 !== 2) };
}

test('a thread and the event loop say the same of every token of a batch, in its order', async () => {
  const { tokens, valid } = mixture(61);
  expect(areSigned(tokens)).toEqual(valid);
  expect(await createSignatureChecker(true).check(tokens)).toEqual(valid);
  expect(await createSignatureChecker(false).check(tokens)).toEqual(valid);
});

test('batches that are under way together do not get each other’s answers', async () => {
  const checker = createSignatureChecker(true);
  const batches = [mixture(20), mixture(9), mixture(33)];
  const told = await Promise.all(batches.map(({ tokens }) => checker.check(tokens)));
  expect(told).toEqual(batches.map(({ valid }) => valid));
});

test('when the thread cannot read its share, the event loop checks all of it', async () => {
  const checker = createSignatureChecker(true);
  const { tokens, valid } = mixture(12);
  // A function cannot be handed to a thread, so that the sending fails.
  const unsendable = tokens.map((token) => ({ ...token, unsendable: () => {} }));
  expect(await checker.check(unsendable)).toEqual(valid);
  expect(await checker.check(tokens)).toEqual(valid);
});

test('where no thread may start, the event loop checks all, batch after batch, and the process lives', async () => {
  const { tokens } = mixture(12);
  const script = `
    import { createPublicKey } from 'node:crypto';
    import { createSignatureChecker } from ${JSON.stringify(new URL('./signatures.ts', import.meta.url).href)};
    const key = createPublicKey(${JSON.stringify(publicKey.export({ type: 'spki', format: 'pem' }))});
    const tokens = ${JSON.stringify(tokens.map(({ token }) => token))}.map((token) => ({ token, key }));
    const checker = createSignatureChecker(true);
    const told = await Promise.all([checker.check(tokens), checker.check(tokens)]);
    console.log(JSON.stringify([...told, await checker.check(tokens)]));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--permission', '--allow-fs-read=*', '--input-type=module', '--eval', script],
    { timeout: 20_000 },
  );
  expect(JSON.parse(stdout)).toEqual([0, 1, 2].map(() => areSigned(tokens)));
});

test('batches that lose their thread together are all checked, and so is what comes next', async () => {
  const checker = createSignatureChecker(true);
  const { tokens, valid } = mixture(12);
  const unsendable = tokens.map((token) => ({ ...token, unsendable: () => {} }));
  const told = await Promise.all([tokens, tokens, unsendable, tokens].map(checker.check));
  expect(told).toEqual([valid, valid, valid, valid]);
  expect(await checker.check(tokens)).toEqual(valid);
});

test('a herd of new tokens is let in and its forgeries are not, each with its own principal', async () => {
  const tokens = createTestTokens();
  const foreign = createTestTokens();
  const herd = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const userId = `00000000-0000-4000-8000-0000000000${String(at).padStart(2, '0')}`;
      return { userId, forged: at % 4 === 0, token: await (at % 4 === 0 ? foreign : tokens).user(userId) };
    }),
  );
  const principals = await Promise.all(herd.map(async ({ token }) => tokens.verifier.verify(token)));
  expect(principals.map((principal) => principal?.id ?? null)).toEqual(
    herd.map(({ userId, forged }) => (forged ? null : userId)),
  );
  // What was verified is remembered: the answer comes at once.
  const again = tokens.verifier.verify(herd[1]?.token ?? '');
  expect(again).toMatchObject({ id: herd[1]?.userId });
});
