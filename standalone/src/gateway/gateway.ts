/** The one address of the platform: hands each request to the service it belongs to, without copying it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { problemResponse, type Problem } from '@evently/kit/problems';
import type { Listener } from '@evently/kit/serve';
import { applyCors } from './cors.ts';
import { routeOf, type ServiceName } from './routes.ts';

export type GatewayOptions = {
  services: Readonly<Record<ServiceName, Listener>>;
  /** Answers everything that is no service's: the start page, the documents, `/health`. */
  pages: Listener;
  /** Origins whose pages may call the interface, each as `scheme://host[:port]`. */
  origins: readonly string[];
};

const apiPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * The gateway's listener. It rewrites `req.url` and calls the service's own listener, so a body is never
 * read twice and the service sees the client's socket. `X-Forwarded-For` passes untouched: nothing stands
 * in front of us, so it is a claim, and services treat it as one.
 */
export function createGateway(options: GatewayOptions): Listener {
  const origins = new Set(options.origins);
  return (req, res) => {
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('referrer-policy', 'no-referrer');
    if (applyCors(origins, req, res)) return;
    const route = routeOf(req.url ?? '');
    switch (route.kind) {
      case 'service':
        res.setHeader('content-security-policy', apiPolicy);
        req.url = route.url;
        return options.services[route.service](req, res);
      case 'page':
        return options.pages(req, res);
      case 'absent':
        return answerProblem(req, res, notInstalled(route.service));
      case 'invalid':
        return answerProblem(req, res, invalidPath);
    }
  };
}

const invalidPath: Problem = {
  status: 400,
  code: 'invalid_path',
  title: 'The path is not one that this gateway reads',
  detail: 'Send a path without dot segments, empty segments, back slashes or encoded slashes.',
};

function notInstalled(service: string): Problem {
  return {
    status: 404,
    code: 'service_not_installed',
    title: `The ${service} service is not part of this installation`,
    detail: `This installation has no ${service} service; /docs lists what it answers.`,
  };
}

/** Answers with a problem document where no application is reached. */
export function answerProblem(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const requestId = newId(systemClock.now().getTime());
  const answer = problemResponse(problem, requestId);
  res.setHeader('content-security-policy', apiPolicy);
  res.setHeader('x-request-id', requestId);
  for (const [name, value] of answer.headers) res.setHeader(name, value);
  void answer.text().then((body) => {
    res.statusCode = answer.status;
    res.end(req.method === 'HEAD' ? undefined : body);
    // A body that nobody reads would keep the connection from its next request.
    req.resume();
  });
}
