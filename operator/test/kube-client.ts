/** The tests' own way to the API server, independent of the operator's: JSON in, JSON out. */
import { Agent, request } from 'node:https';
import type { ControlPlane } from '@evently/testkit/engines/kube';

/** What was parsed; the tests look at it as they please. */
export type Json = ReturnType<typeof JSON.parse>;
export type KubeAnswer = { status: number; body: Json };
export type KubeClient = {
  /** Whatever the status is. */
  send: (method: string, path: string, body?: unknown, contentType?: string) => Promise<KubeAnswer>;
  /** The object, or null for 404; rejects for any other status. */
  get: (path: string) => Promise<Json>;
  /** Server-side apply as `owner`, by force. */
  apply: (path: string, body: unknown, owner?: string) => Promise<Json>;
  mergePatch: (path: string, body: unknown) => Promise<Json>;
  create: (path: string, body: unknown) => Promise<Json>;
  remove: (path: string) => Promise<void>;
  close: () => void;
};

const callMs = 20_000;

export function createKubeClient(plane: ControlPlane): KubeClient {
  const { certificate, key } = plane.authority.issue({
    commonName: 'test',
    organization: 'system:masters',
  });
  const agent = new Agent({ keepAlive: true, cert: certificate, key, ca: plane.caCertificate });
  const send: KubeClient['send'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': contentType, accept: 'application/json' };
      const req = request(`${plane.server}${path}`, { method, agent, headers, timeout: callMs }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: res.statusCode ?? 0,
            body: res.headers['content-type']?.includes('json') ? JSON.parse(text) : text,
          });
        });
      });
      req.on('timeout', () => req.destroy(new Error(`${method} ${path} took longer than ${callMs} ms`)));
      req.on('error', reject);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const accepted = async (method: string, path: string, body?: unknown, contentType?: string) => {
    const answer = await send(method, path, body, contentType);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body.message ?? answer.body}`);
  };
  return {
    send,
    get: async (path) => {
      const answer = await send('GET', path);
      if (answer.status === 404) return null;
      if (answer.status < 300) return answer.body;
      throw new Error(`GET ${path}: ${answer.status} ${answer.body.message ?? answer.body}`);
    },
    apply: (path, body, owner = 'test') =>
      accepted('PATCH', `${path}?fieldManager=${owner}&force=true`, body, 'application/apply-patch+yaml'),
    mergePatch: (path, body) => accepted('PATCH', path, body, 'application/merge-patch+json'),
    create: (path, body) => accepted('POST', path, body),
    remove: async (path) => {
      await accepted('DELETE', path);
    },
    close: () => agent.destroy(),
  };
}
