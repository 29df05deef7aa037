/** The other side of the caller's port: an inventory in memory that answers in the shapes of contracts. */
import {
  inventorySpec,
  type EventStock,
  type InventorySpec,
  type TierStock,
} from '@evently/contracts/inventory';

export type PretendBooking = {
  fetch: (request: Request) => Promise<Response>;
  /** `away` answers 503 to everything; a problem's code refuses every push with it. */
  state: { away: boolean; refusePushesWith: string | null };
  /** What was pushed and not refused, by event. */
  specs: Map<string, InventorySpec>;
  calls: string[];
};

export function createPretendBooking(): PretendBooking {
  const specs = new Map<string, InventorySpec>();
  const calls: string[] = [];
  const state: PretendBooking['state'] = { away: false, refusePushesWith: null };

  function answer(method: string, url: URL, body: unknown): Response {
    const eventId = /^\/internal\/inventory\/([^/]+)/.exec(url.pathname)?.[1];
    if (eventId === undefined) {
      const ids = (url.searchParams.get('event_ids') ?? '').split(',');
      const inventories = ids.flatMap((id) => {
        const spec = specs.get(id);
        return spec === undefined ? [] : [stockOf(id, spec)];
      });
      return Response.json({ inventories });
    }
    if (method === 'PUT') {
      if (state.refusePushesWith !== null) return refusal(409, state.refusePushesWith);
      const spec = inventorySpec.parse(body);
      const known = specs.get(eventId);
      if (known === undefined || known.revision < spec.revision) specs.set(eventId, spec);
    }
    const spec = specs.get(eventId);
    return spec === undefined ? refusal(404, 'not_found') : Response.json(stockOf(eventId, spec));
  }

  return {
    fetch: async (request) => {
      const url = new URL(request.url);
      calls.push(`${request.method} ${url.pathname}`);
      const body: unknown = request.method === 'PUT' ? await request.json() : undefined;
      return state.away ? refusal(503, 'unavailable') : answer(request.method, url, body);
    },
    state,
    specs,
    calls,
  };
}

function refusal(status: number, code: string): Response {
  return Response.json({ code, detail: `pretended ${code}`, minimum: 7 }, { status });
}

/** Nobody ever buys here: everything is available. */
function stockOf(eventId: string, spec: InventorySpec): EventStock {
  const tiers = spec.tiers.map((tier): TierStock => ({
    ...tier,
    available: tier.capacity,
    held: 0,
    sold: 0,
    blocked: 0,
  }));
  const capacity = tiers.reduce((sum, tier) => sum + tier.capacity, 0);
  return {
    event_id: eventId,
    revision: spec.revision,
    catalog_version: spec.catalog_version,
    stock_version: spec.revision,
    currency: spec.currency,
    capacity,
    available: capacity,
    held: 0,
    sold: 0,
    blocked: 0,
    updated_at: new Date(0).toISOString(),
    tiers,
  };
}
