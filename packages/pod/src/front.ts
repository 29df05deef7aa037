/** What stands before a service's application in a pod: probes, public paths, CORS, and the time before it may answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ownPathOf, readTarget } from '@evently/contracts/public-paths';
import { answerProblem, apiPolicy, invalidPath, setPageHeaders } from '@evently/kit/answer-problem';
import { applyCors } from '@evently/kit/cors';
import { unavailable } from '@evently/kit/problems';
import type { Listener } from '@evently/kit/serve';
import type { ServiceName } from './settings.ts';
import type { PodState } from './state.ts';

export type FrontOptions = {
  service: ServiceName;
  state: PodState;
  /** The service's own application. */
  application: Listener;
  /** Origins whose pages may call the interface. */
  origins: readonly string[];
};

const startingSeconds = 1;
const starting = unavailable(
  'starting',
  'This process is starting; come again in a second.',
  startingSeconds,
);

/**
 * Three probes: `/healthz` says that the event loop turns and nothing else, so that no outage of a database restarts a
 * pod; `/health/started` says that it has begun to serve, and until then for what it waits; `/health/ready` is the
 * application's, but false before the start and from the signal to end on. A path below `/api/<service>/` becomes the
 * service's own, as behind the standalone gateway, because an Ingress passes paths as they are; a path that two
 * parsers could read in two ways is refused, so that none of them leads to an internal route.
 */
export function createFront({ service, state, application, origins }: FrontOptions): Listener {
  const allowed = new Set(origins);
  return (req, res) => {
    const target = readTarget(req.url ?? '');
    if (target === null) return answerProblem(req, res, invalidPath);
    if (answerProbe(target.path, state, req, res)) return;
    setPageHeaders(res);
    if (applyCors(allowed, req, res)) return;
    if (state.phase() === 'starting') return answerProblem(req, res, starting);
    const own = ownPathOf(service, target.path);
    if (own !== null) {
      res.setHeader('content-security-policy', apiPolicy);
      req.url = own + target.query;
    }
    application(req, res);
  };
}

/** True when the path is a probe that is answered here. */
function answerProbe(path: string, state: PodState, req: IncomingMessage, res: ServerResponse): boolean {
  const phase = state.phase();
  switch (path) {
    case '/healthz':
      return answer(req, res, 200, { status: 'healthy' });
    case '/health/started':
      return phase === 'starting'
        ? answer(req, res, 503, { status: 'starting', waits_for: state.waitsFor() })
        : answer(req, res, 200, { status: 'started' });
    case '/health/ready':
      // The application knows its dependencies.
      if (phase === 'serving') return false;
      return answer(
        req,
        res,
        503,
        phase === 'draining' ? { status: 'draining' } : { status: 'starting', waits_for: state.waitsFor() },
      );
    default:
      return false;
  }
}

function answer(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  body: Readonly<Record<string, string>>,
): true {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(req.method === 'HEAD' ? undefined : JSON.stringify(body));
  req.resume();
  return true;
}
