/** Settings of the search service: the only reader of its part of the environment. */
import { z } from 'zod';
import { ConfigError, integer, list, readSettings, setting, type SettingValues } from '@evently/kit/config';

const address = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const optional = z.string().transform((text) => (text === '' ? null : text));

export const searchSettings = {
  SEARCH_PORT: setting(integer(0, 65_535), {
    fallback: '8003',
    about: 'Port of the search service; 0 picks a free one',
  }),
  SEARCH_DATABASE_URL: setting(z.string().min(1), {
    secret: true,
    about:
      'PostgreSQL database of the search service: what is known of the catalog, and the index of the postgres engine',
  }),
  SEARCH_POOL_SIZE: setting(integer(4, 100), {
    fallback: '8',
    unit: 'connections',
    about: 'Connections to the database at most; indexing keeps one while it works',
  }),
  SEARCH_ENGINE: setting(z.enum(['postgres', 'opensearch']), {
    fallback: 'postgres',
    about: 'What answers searches: this database, or OpenSearch',
  }),
  SEARCH_FALLBACK: setting(z.enum(['none', 'postgres']), {
    fallback: 'none',
    about:
      'What answers while OpenSearch is away: nothing (503), or this database, which then is indexed as well',
  }),
  OPENSEARCH_URL: setting(list(), {
    fallback: '',
    about: 'Addresses of OpenSearch, comma-separated, for SEARCH_ENGINE=opensearch',
  }),
  OPENSEARCH_USER: setting(optional, {
    fallback: '',
    about: 'User whose role may use the index; empty is none',
  }),
  OPENSEARCH_PASSWORD: setting(optional, {
    fallback: '',
    secret: true,
    about: 'Password of OPENSEARCH_USER',
  }),
  OPENSEARCH_CA_FILE: setting(optional, {
    fallback: '',
    about: "PEM file of the authorities that may vouch for OpenSearch; empty believes the system's",
  }),
  OPENSEARCH_ALIAS: setting(z.string().regex(/^[a-z][a-z0-9-]{0,60}$/, 'must be of a to z, 0 to 9 and -'), {
    fallback: 'evently-events',
    about: 'Name of the index; the indices behind it begin with it',
  }),
  SEARCH_QUERY_MS: setting(integer(50, 30_000), {
    fallback: '2000',
    unit: 'ms',
    about: 'Time for one answer of OpenSearch; after it the search is answered 503, or by the fallback',
  }),
  SEARCH_KEEP_MS: setting(integer(0, 10_000), {
    fallback: '1000',
    unit: 'ms',
    about: 'How long an answer is given again to whoever asks the same; with the indexing it stays below 2 s',
  }),
  SEARCH_INDEX_EVERY_MS: setting(integer(20, 5_000), {
    fallback: '300',
    unit: 'ms',
    about: 'How often what changed goes into the index, at most',
  }),
  SEARCH_COMPARE_SECONDS: setting(integer(1, 86_400), {
    fallback: '60',
    unit: 's',
    about: 'How often the index is compared with the catalog, and repaired',
  }),
};
export type SearchConfig = SettingValues<typeof searchSettings>;

/** Throws `ConfigError`, which lists all faults at once. */
export function readSearchConfig(env: Readonly<Record<string, string | undefined>>): SearchConfig {
  const config = readSettings(searchSettings, env);
  const { SEARCH_ENGINE: engine, OPENSEARCH_URL: urls } = config;
  const faults = urls.filter((url) => !address.safeParse(url).success);
  if (faults.length > 0) throw new ConfigError(['OPENSEARCH_URL: must be http or https addresses']);
  // An address is no secret: it is shown where settings are.
  if (urls.some(namesAccount))
    throw new ConfigError([
      'OPENSEARCH_URL: has an account in it; write it into OPENSEARCH_USER and OPENSEARCH_PASSWORD',
    ]);
  if (engine === 'opensearch' && urls.length === 0)
    throw new ConfigError(['OPENSEARCH_URL: must name OpenSearch when SEARCH_ENGINE is opensearch']);
  const { OPENSEARCH_USER: user, OPENSEARCH_PASSWORD: password } = config;
  if ((user === null) !== (password === null))
    throw new ConfigError([
      user === null
        ? 'OPENSEARCH_USER: must name whose password OPENSEARCH_PASSWORD is'
        : 'OPENSEARCH_PASSWORD: must be that of OPENSEARCH_USER; leave both empty where OpenSearch asks for neither',
    ]);
  return config;
}

function namesAccount(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
