/** The one place where a refusal of the search service becomes an answer; one without a case does not compile. */
import type { Context } from 'hono';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import { unavailable, type Problem } from '@evently/kit/problems';
import type { Refusal } from '../domain/refusals.ts';

const retrySeconds = 2;
const catalogRetrySeconds = 5;

export function refuseSearch(c: Context<ServiceEnv>, refusal: Refusal): Response {
  return refuse(c, problemOf(refusal));
}

function problemOf(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case 'engine-away':
      return unavailable(
        'search_unavailable',
        `The search does not answer at the moment; events are listed and sold as always. Ask again shortly.${because(refusal)}`,
        retrySeconds,
      );
    case 'catalog-away':
      return unavailable(
        'event_unavailable',
        `The event service does not answer, and the index is made from it; the present index stays. Ask again.${because(refusal)}`,
        catalogRetrySeconds,
      );
    case 'rebuild-running':
      return {
        status: 409,
        code: 'rebuild_running',
        title: 'The index is being built already',
        detail: 'Another rebuild is under way; wait for it, then look with search-check.',
      };
  }
}

function because({ says }: { says?: string }): string {
  return says === undefined ? '' : ` The reason: ${says}`;
}
