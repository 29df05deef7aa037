import { connect } from 'node:net';
import { request, Agent } from 'node:http';
import { expect, test } from 'vitest';
import { listen, listenerOfFetch, PortUnavailable } from './serve.ts';

const hello = listenerOfFetch(() => new Response('hello'));

function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('a taken port is named, with what listens there and what to do', async () => {
  const first = await listen('first', '127.0.0.1', 0, hello);
  const refused = listen('the gateway', '127.0.0.1', first.port, hello);
  await expect(refused).rejects.toThrow(PortUnavailable);
  await expect(refused).rejects.toThrow(
    `Port ${first.port} on 127.0.0.1 for the gateway cannot be used (it is taken)`,
  );
  await first.close();
});

test('bytes that are not HTTP get a problem document', async () => {
  const server = await listen('x', '127.0.0.1', 0, hello);
  const answer = await talk(server.port, 'NONSENSE\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('"code":"malformed_request"');
  const large = await talk(server.port, `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(70_000)}\r\n\r\n`);
  expect(large).toMatch(/^HTTP\/1\.1 431 /);
  await server.close();
});

test('what node refuses by itself gets a problem document too', async () => {
  const server = await listen('x', '127.0.0.1', 0, hello);
  const refusals = [
    ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    ['GET / HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n', 417, 'expectation_failed'],
    ['CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n', 405, 'method_not_allowed'],
  ] as const;
  for (const [sent, status, code] of refusals) {
    const answer = await talk(server.port, sent);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toContain('"error":"');
  }
  await server.close();
});

test('a request sent on an idle connection while the port closes is still answered', async () => {
  const server = await listen('x', '127.0.0.1', 0, hello);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (): Promise<{ status: number | undefined; connection: string | undefined }> =>
    new Promise((resolve, reject) => {
      request({ port: server.port, host: '127.0.0.1', agent }, (res) => {
        res.resume().on('end', () => resolve({ status: res.statusCode, connection: res.headers.connection }));
      })
        .on('error', reject)
        .end();
    });
  expect((await ask()).connection).toBe('keep-alive');
  const closed = server.close();
  expect(await ask()).toEqual({ status: 200, connection: 'close' });
  await closed;
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
  agent.destroy();
});

test('a port that sheds still answers everybody, and ends the connection with each answer', async () => {
  const server = await listen('x', '127.0.0.1', 0, hello);
  const kept = await fetch(`http://127.0.0.1:${server.port}/`);
  expect([await kept.text(), kept.headers.get('connection')]).toEqual(['hello', 'keep-alive']);
  server.shed();
  for (let round = 0; round < 2; round += 1) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/`);
    expect([await answer.text(), answer.headers.get('connection')]).toEqual(['hello', 'close']);
  }
  await server.close();
});

test('connections that wait to be accepted while the port closes are answered', async () => {
  const server = await listen('x', '127.0.0.1', 0, hello);
  const answers = Array.from({ length: 30 }, () =>
    talk(server.port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
  );
  // The system has connected them by now, and the server took the first ones at most.
  await new Promise((resolve) => setImmediate(resolve));
  await server.close();
  for (const answer of await Promise.all(answers)) expect(answer).toContain('200 OK');
});
