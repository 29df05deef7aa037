/** What people send to a search that want something else than to find: raw query strings, percent-encoded as they come. */
import { createConnection } from 'node:net';
import { listen, listenerOf } from '@evently/kit/serve';
import { expect } from 'vitest';
import type { SearchUnderTest } from './search-service.ts';

const long = (text: string, times: number): string => encodeURIComponent(text.repeat(times));

/** Texts for `q`, as they are typed. */
const texts: readonly string[] = [
  // Lucene's syntax, and what its parsers choke on.
  'name:* AND NOT venue:x',
  '*:*',
  '*',
  '?',
  '/.*.*.*.*.*.*x/',
  '(((((((((((((((((((((',
  ')))',
  '"',
  '"unclosed phrase',
  'a~9999999',
  'jazz^999999999999',
  '[* TO *]',
  '{1 TO 2}',
  '_exists_:stock',
  '+ - && || ! ( ) { } [ ] ^ " ~ * ? : \\ /',
  '\\',
  'AND',
  'OR OR OR',
  'NOT',
  // Other queries, scripts and templates.
  '{"match_all":{}}',
  '{"query":{"script":{"script":"while(true){}"}}}',
  '{"script_fields":{"x":{"script":{"source":"java.lang.Runtime.getRuntime().exec(\'id\')"}}}}',
  'ctx._source.available = 0',
  '{{#toJson}}x{{/toJson}}',
  '${jndi:ldap://127.0.0.1:1/a}',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '../../../../etc/passwd',
  '_search?source={}',
  // SQL, and PostgreSQL's own query language.
  "' or 1=1 --",
  "'; drop table index_documents; --",
  '1; select pg_sleep(10)',
  "\\'; copy (select 1) to program 'id' --",
  'jazz & ! | <-> :*',
  "'jazz':*A",
  '$1',
  '$$ $x$ %s %d %n',
  '%_%',
  "jazz'::tsquery",
  // Text that is not what it looks like.
  'ja\u200bzz',
  '\u200b\u200c\u200d\ufeff',
  '\u202egnihton\u202c',
  'موسيقى الجاز',
  'ג׳אז בתל אביב',
  'a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308',
  `z${'\u0335'.repeat(150)}`,
  '👩‍👩‍👧‍👦 🎷',
  '𝕵𝖆𝖟𝖟',
  'ＪＡＺＺ',
  'ﷺ'.repeat(60),
  'İıŞşĞğ',
  '\u0000',
  'jazz\u0000bar',
  '\r\n\r\nGET / HTTP/1.1',
  '\t\v\f\b',
  '\ufffe\uffff',
  '__proto__',
  'constructor',
  'undefined',
  'null',
  'NaN',
  '-1',
  '1e309',
  'a '.repeat(100),
  'ab '.repeat(66),
];

/** Whole query strings, for what a text cannot say. */
const queryStrings: readonly string[] = [
  `q=${long('x', 10_240)}`,
  `q=${long('jazz ', 2_048)}`,
  `q=${long('ä', 1_700)}`,
  // Of 10 kB each, and three times that as they are sent.
  `q=${long('ä', 5_000)}`,
  `q=${long('संगीत', 670)}`,
  `q=${long('\u200b', 3_400)}`,
  'q=%',
  'q=%zz',
  'q=%ff%fe',
  'q=%c0%ae%c0%ae',
  'q=%ed%a0%80',
  'q=%00',
  'q=a&q=b&q=c',
  'q[]=a',
  'q[match_all]=1',
  'q=jazz&sort=_script',
  'q=jazz&sort=price;drop',
  'q=jazz&limit=999999999',
  'q=jazz&limit=-1',
  'q=jazz&page=0',
  'q=jazz&page=99999999999999999999',
  'q=jazz&page=1e3',
  'q=jazz&min_price=-1',
  'q=jazz&min_price=NaN',
  'q=jazz&min_price=9&max_price=1',
  'q=jazz&max_price=1e400',
  'q=jazz&date_from=9999-99-99',
  'q=jazz&date_from=0000-01-01T00:00:00Z',
  'q=jazz&date_to=now-1d',
  'q=jazz&near=1',
  'q=jazz&near=91,181',
  'q=jazz&near=NaN,NaN',
  'q=jazz&sort=distance',
  `q=jazz&city=${encodeURIComponent('*')}`,
  `q=jazz&city=${encodeURIComponent("' or ''='")}`,
  `q=jazz&city=${long('k', 300)}`,
  `q=jazz&type=${encodeURIComponent('{"wildcard":"*"}')}`,
  `q=jazz&city=${encodeURIComponent('\u200b')}`,
  'q=jazz&__proto__[x]=1',
  '&'.repeat(500),
  `q=jazz&${Array.from({ length: 500 }, (_, index) => `x${index}=1`).join('&')}`,
];

const paths = ['/api/v1/search', '/api/v1/search/suggestions'] as const;
const answerMs = 20_000;
const statusLine = /^HTTP\/1\.1 (\d{3})/;

export type Answered = { path: string; status: number };

/** Every input to every route, over a socket, byte by byte as written here: no client mends them on the way. */
export async function askHostile(under: SearchUnderTest): Promise<readonly Answered[]> {
  const port = await listen('search', '127.0.0.1', 0, listenerOf(under.service.app.fetch));
  try {
    const queries = [...texts.map((text) => `q=${encodeURIComponent(text)}`), ...queryStrings];
    const answers: Answered[] = [];
    for (const path of paths)
      for (const query of queries) {
        const asked = `${path}?${query}`;
        answers.push({ path: asked, status: await statusOf(port.port, asked) });
      }
    return answers;
  } finally {
    await port.close();
  }
}

/** What is neither found nor refused, by the first characters of what was asked. */
export function expectAnsweredOrRefused(answers: readonly Answered[]): void {
  expect(answers.length).toBeGreaterThan(150);
  const others = answers.filter(({ status }) => status !== 200 && status !== 400);
  expect(others.map(({ path, status }) => `${status} ${path.slice(0, 120)}`)).toEqual([]);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect(answers.some(({ status }) => status === 400)).toBe(true);
}

function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let said = '';
    socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer to ${path.slice(0, 120)}`)));
    socket.once('error', reject);
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.once('close', () => {
      const status = statusLine.exec(said)?.[1];
      if (status === undefined)
        reject(new Error(`no status for ${path.slice(0, 120)}: ${said.slice(0, 200)}`));
      else resolve(Number(status));
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
  });
}
