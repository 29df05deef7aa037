/** Asks processes to warm up for a sale: every booking pod by itself, event and search once. */
import type { Pod, WarmTaskName } from '../sale/model.ts';
import { callPeer, explainOutcome, type Call, type Peer } from './call.ts';
import { saleAnswer, warmAnswer, type ReportedTask } from './contracts.ts';

/** `failed` says why in a sentence for a person. */
export type WarmOutcome =
  { kind: 'answered'; tasks: readonly ReportedTask[] } | { kind: 'failed'; why: string };

/** None throws; every call ends at its deadline or when its signal aborts. */
export type WarmClient = {
  /** Warms the pod and answers what it has warm afterwards. */
  warmPod: (pod: Pod, eventId: string, call: Call) => Promise<WarmOutcome>;
  /** What the pod has warm, without warming it: booking pods warm themselves. */
  readPod: (pod: Pod, eventId: string, call: Call) => Promise<WarmOutcome>;
  warmService: (service: WarmService, eventId: string, call: Call) => Promise<WarmOutcome>;
};
export type WarmService = 'event' | 'search';

export type WarmClientOptions = Peer & {
  /** With `{ip}` or `{name}`. */
  podUrl: string;
  /** Null where the platform has no such service. */
  serviceUrls: Readonly<Record<WarmService, string | null>>;
};

const serviceSettings: Readonly<Record<WarmService, string>> = { event: 'EVENT_URL', search: 'SEARCH_URL' };

export function createWarmClient(options: WarmClientOptions): WarmClient {
  return {
    warmPod: (pod, eventId, call) => askPod(options, pod, call, prewarmOf(eventId), warmAnswer),
    readPod: (pod, eventId, call) => {
      const request = { method: 'GET', path: `/internal/sales/${encodeURIComponent(eventId)}` };
      return askPod(options, pod, call, request, saleAnswer);
    },
    warmService: async (service, eventId, call) => {
      const baseUrl = options.serviceUrls[service];
      if (baseUrl === null) {
        const name = serviceSettings[service];
        return {
          kind: 'failed',
          why: `the operator does not know where ${service} is: set ${name}, or remove the task`,
        };
      }
      const outcome = await callPeer({ ...options, baseUrl }, call, prewarmOf(eventId), warmAnswer);
      return outcome.kind === 'ok'
        ? { kind: 'answered', tasks: outcome.value.warm }
        : { kind: 'failed', why: explainOutcome(service, outcome, call.deadlineMs) };
    },
  };
}

type PodRequest = { method: string; path: string; body?: unknown };

async function askPod(
  options: WarmClientOptions,
  pod: Pod,
  call: Call,
  request: PodRequest,
  schema: typeof warmAnswer | typeof saleAnswer,
): Promise<WarmOutcome> {
  if (pod.ip === null && options.podUrl.includes('{ip}'))
    return { kind: 'failed', why: `pod ${pod.name} has no address yet` };
  const baseUrl = options.podUrl.replaceAll('{ip}', hostOf(pod.ip ?? '')).replaceAll('{name}', pod.name);
  const outcome = await callPeer<{ warm: ReportedTask[] }>({ ...options, baseUrl }, call, request, schema);
  return outcome.kind === 'ok'
    ? { kind: 'answered', tasks: outcome.value.warm }
    : { kind: 'failed', why: explainOutcome(`pod ${pod.name}`, outcome, call.deadlineMs) };
}

function prewarmOf(eventId: string): PodRequest {
  return { method: 'POST', path: '/internal/prewarm', body: { event_id: eventId } };
}

// An IPv6 address stands in brackets in an address of HTTP (RFC 3986, section 3.2.2).
function hostOf(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

/** Which process does a task: each booking pod, or a service once. */
export function whereIs(task: WarmTaskName): 'pods' | WarmService {
  switch (task) {
    case 'Inventory':
    case 'Connections':
      return 'pods';
    case 'Event':
      return 'event';
    case 'Search':
      return 'search';
  }
}
