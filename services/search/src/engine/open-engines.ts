/** The engines that the settings ask for. */
import type { Database } from '@evently/kit/postgres';
import type { SearchConfig } from '../config.ts';
import type { SearchEngine } from './port.ts';
import { createOpenSearchEngine } from './opensearch/opensearch.ts';
import { createPostgresEngine } from './postgres.ts';

export type OpenedEngines = { main: SearchEngine; fallback: SearchEngine | null };

/** Opens no connection. Throws `ConfigError` when an address cannot be used. */
export function openEngines(config: SearchConfig, db: Database): OpenedEngines {
  const postgres = createPostgresEngine({ db });
  if (config.SEARCH_ENGINE === 'postgres') return { main: postgres, fallback: null };
  const main = createOpenSearchEngine({
    address: {
      urls: config.OPENSEARCH_URL,
      user: config.OPENSEARCH_USER,
      password: config.OPENSEARCH_PASSWORD,
      caFile: config.OPENSEARCH_CA_FILE,
    },
    alias: config.OPENSEARCH_ALIAS,
    queryMs: config.SEARCH_QUERY_MS,
  });
  return { main, fallback: config.SEARCH_FALLBACK === 'postgres' ? postgres : null };
}
