/** Calls to OpenSearch: each with a deadline, none repeated by itself, and every failure told apart. */
import { Client, errors } from '@opensearch-project/opensearch';
import { startTimeLimit } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import { readAuthorities } from '@evently/kit/tls';
import { EngineAway } from '../port.ts';

export type OpenSearchAddress = {
  /** `http://` or, with TLS, `https://`; several nodes of one cluster are asked in turn. */
  urls: readonly string[];
  user: string | null;
  password: string | null;
  /** PEM file of the authorities that are believed; those of the system without it. */
  caFile: string | null;
};

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: object;
  /** Lines of JSON instead of one body. */
  lines?: readonly object[];
  deadlineMs: number;
};

export type Answer = { status: number; body: unknown };

export type OpenSearchConnection = {
  /**
   * Answers whatever OpenSearch answers below 500 but 401, 403 and 429: the caller knows which refusals it expects.
   * Rejects with `EngineAway` otherwise, and when nothing comes in time.
   */
  call: (call: Call) => Promise<Answer>;
  close: () => Promise<void>;
};

const maxSockets = 64;
/** Refusals that waiting, or an operator, mends: they say nothing about what was asked. */
const awayStatuses = new Set([401, 403, 429]);
const noAccount = 401;

/** Opens nothing before the first call. Throws `ConfigError` when the address cannot be used. */
export function openConnection(address: OpenSearchAddress): OpenSearchConnection {
  const client = new Client({
    nodes: [...checkUrls(address)],
    ...(address.user === null || address.password === null
      ? {}
      : { auth: { username: address.user, password: address.password } }),
    ...(address.caFile === null
      ? {}
      : { ssl: { ca: readAuthorities(address.caFile, 'OPENSEARCH_CA_FILE'), rejectUnauthorized: true } }),
    agent: { keepAlive: true, maxSockets },
    maxRetries: 0,
    // Nodes of a cluster inside Kubernetes tell addresses that nobody outside reaches.
    sniffOnStart: false,
    sniffOnConnectionFault: false,
  });
  return {
    call: (call) => ask(client, call, address),
    close: async () => {
      await client.close();
    },
  };
}

function checkUrls({ urls, caFile }: OpenSearchAddress): readonly string[] {
  if (urls.length === 0) throw new ConfigError(['OPENSEARCH_URL: names no address']);
  for (const url of urls) {
    const isEncrypted = url.startsWith('https://');
    if (!URL.canParse(url) || (!isEncrypted && !url.startsWith('http://')))
      throw new ConfigError(['OPENSEARCH_URL: must begin with http:// or, with TLS, https://']);
    if (!isEncrypted && caFile !== null)
      throw new ConfigError([
        'OPENSEARCH_URL: an authority is named in OPENSEARCH_CA_FILE, and http:// is not encrypted: write https://',
      ]);
  }
  return urls;
}

async function ask(client: Client, call: Call, address: OpenSearchAddress): Promise<Answer> {
  const request = client.transport.request(
    {
      method: call.method,
      path: call.path,
      ...(call.query === undefined ? {} : { querystring: call.query }),
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(call.lines === undefined ? {} : { bulkBody: [...call.lines] }),
    },
    { requestTimeout: call.deadlineMs, maxRetries: 0 },
  );
  // The client's own limit starts anew with each packet; this one does not. It ends with the answer: a signal's would go off
  // for each question that was answered long ago.
  const limit = startTimeLimit(call.deadlineMs, () => {
    request.abort();
  });
  try {
    const answer: { statusCode: number | null; body: unknown } = await request;
    return { status: answer.statusCode ?? 0, body: answer.body };
  } catch (error) {
    return answerOf(error, call, address);
  } finally {
    limit.clear();
  }
}

function answerOf(error: unknown, { method, path, deadlineMs }: Call, address: OpenSearchAddress): Answer {
  const what = `${method} ${path.split('?')[0]}`;
  if (error instanceof errors.ResponseError) {
    // Its own `statusCode` prefers one that the body tells.
    const status = error.meta.statusCode ?? 0;
    if (status < 500 && !awayStatuses.has(status)) return { status, body: error.body };
    const says =
      status === noAccount ? adviseOnAccount(address) : (adviseOnRights(error.message) ?? error.message);
    throw new EngineAway(`OpenSearch answers ${status} to ${what}: ${says}`, error);
  }
  if (error instanceof errors.TimeoutError || error instanceof errors.RequestAbortedError)
    throw new EngineAway(`OpenSearch did not answer ${what} in ${deadlineMs} ms`, error);
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError)
    throw new EngineAway(`OpenSearch cannot be reached: ${adviseOn(error, address)}`, error);
  throw error;
}

function adviseOnAccount({ user }: OpenSearchAddress): string {
  return user === null
    ? 'it asks who this is; set OPENSEARCH_USER and OPENSEARCH_PASSWORD'
    : `it does not know ${user} with this password; correct OPENSEARCH_USER and OPENSEARCH_PASSWORD`;
}

/** What to do about a right that is missing, of which the security plugin says so; null for any other refusal. */
export function adviseOnRights(says: string): string | null {
  return says.includes('no permissions for')
    ? `${says}; give the user of OPENSEARCH_USER the role in charts/evently/files/opensearch-role.yml, with the patterns of this OPENSEARCH_ALIAS`
    : null;
}

/** The client keeps the words of Node's failures and drops their codes. */
function adviseOn({ message }: Error, { urls }: OpenSearchAddress): string {
  if (/certificate|issuer/i.test(message))
    return `${message}; OPENSEARCH_CA_FILE names the PEM file of the authority that is believed, and OPENSEARCH_URL a name that the certificate has`;
  if (/wrong version number|packet length/i.test(message))
    return `${message}; is this the port of TLS? Without it OPENSEARCH_URL begins with http://`;
  // Who waits for TLS closes when somebody speaks without it.
  return /hang up|ECONNRESET/.test(message) && urls.some((url) => url.startsWith('http:'))
    ? `${message}; does this port speak TLS? Then OPENSEARCH_URL begins with https://`
    : message;
}
