/** An OpenSearch with its security plugin and the role of the chart, and engines that have this role or another. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { requireEngine } from '@evently/testkit/engines/engine';
import { openSearchWithSecurity } from '@evently/testkit/engines/opensearch';
import {
  startSecuredOpenSearch,
  type Account,
  type SecuredOpenSearch,
} from '@evently/testkit/engines/secured-opensearch';
import { createOpenSearchEngine } from '../src/engine/opensearch/opensearch.ts';
import type { SearchEngine } from '../src/engine/port.ts';

const roleFile = new URL('../../../charts/evently/files/opensearch-role.yml', import.meta.url);
const roleName = 'evently-search';
/** A query may wait for a machine that builds and tests beside it. */
const queryMs = 10_000;
const refusals = 300;

const roleContent = z.object({
  cluster_permissions: z.array(z.string()),
  index_permissions: z.tuple([
    z.object({ index_patterns: z.array(z.string()), allowed_actions: z.array(z.string()) }),
  ]),
});
export type Role = z.output<typeof roleContent>;

export type Secured = SecuredOpenSearch & {
  /** Has the role of the chart from the start on. */
  searcher: Account;
  /** What the file says. */
  role: Role;
  /** Puts another content into the place of the role; `account` of `openAs` then has this. */
  giveRole: (name: string, role: Role) => Promise<void>;
  /** An engine with an index of its own, prepared; nothing of it is left after `close`. */
  openAs: (account: Account) => Promise<{ engine: SearchEngine; alias: string; close: () => Promise<void> }>;
};

/** Started once, at the first need of it. */
export function createSecuredForTests(): {
  start: (skip: (note: string) => never) => Promise<Secured>;
  stop: () => Promise<void>;
} {
  let running: Promise<Secured> | null = null;
  return {
    start: async (skip) => {
      const program = await requireEngine(openSearchWithSecurity, skip);
      running ??= startSecured(program);
      return running;
    },
    stop: async () => {
      await (await running)?.stop();
      running = null;
    },
  };
}

export const randomName = (): string => randomBytes(6).toString('hex');

export function accountFor(user: string): Account {
  return { user, password: randomBytes(16).toString('hex') };
}

async function startSecured(program: string): Promise<Secured> {
  const roles = await readFile(roleFile, 'utf8');
  const secured = await startSecuredOpenSearch({ program, roles });
  const searcher = accountFor(`searcher-${randomName()}`);
  await secured.giveAccount(searcher, roleName);
  return {
    ...secured,
    searcher,
    role: z.object({ [roleName]: roleContent }).parse(parse(roles))[roleName],
    giveRole: async (name, role) => {
      const path = `/_plugins/_security/api/roles/${name}`;
      const { status, body } = await secured.ask(secured.admin, { method: 'PUT', path, body: role });
      if (status >= refusals) throw new Error(`the role ${name} was refused with ${status}: ${body}`);
    },
    openAs: (account) => openAs(secured, account),
  };
}

async function openAs(secured: SecuredOpenSearch, account: Account): ReturnType<Secured['openAs']> {
  const alias = `evently-events-${randomName()}`;
  const caFile = secured.certificates.rightAuthority;
  const engine = createOpenSearchEngine({
    address: { urls: [secured.url], ...account, caFile },
    alias,
    queryMs,
  });
  return {
    engine,
    alias,
    close: async () => {
      await engine.close();
      await secured.ask(secured.admin, { method: 'DELETE', path: `/${alias}-*` });
    },
  };
}
