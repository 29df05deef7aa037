/** Certificates as files: a server's for `localhost`, the authority that issued it, and one that did not. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '@evently/kit/clock';
import { createAuthority } from './engines/kube-pki.ts';

/** Paths of PEM files. */
export type TestCertificates = {
  certificate: string;
  key: string;
  rightAuthority: string;
  wrongAuthority: string;
};

export async function writeTestCertificates(folder: string): Promise<TestCertificates> {
  const now = systemClock.now();
  const right = createAuthority(now, 'the right authority');
  const wrong = createAuthority(now, 'another authority');
  const server = right.issue({ commonName: 'server', names: ['localhost'] });
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text, { mode: name.endsWith('.key') ? 0o600 : 0o644 });
    return file;
  };
  return {
    certificate: await write('server.pem', server.certificate),
    key: await write('server.key', server.key),
    rightAuthority: await write('right.pem', right.certificate),
    wrongAuthority: await write('wrong.pem', wrong.certificate),
  };
}
