/** The one address of the platform: hands each request to the service it belongs to, without copying it. */
import { apiPolicy, answerProblem, invalidPath, setPageHeaders } from '@evently/kit/answer-problem';
import { applyCors } from '@evently/kit/cors';
import type { Problem } from '@evently/kit/problems';
import type { Listener } from '@evently/kit/serve';
import { routeOf, type ServiceName } from './routes.ts';

export type GatewayOptions = {
  services: Readonly<Record<ServiceName, Listener>>;
  /** Answers everything that is no service's: the start page, the documents, `/health`. */
  pages: Listener;
  /** Origins whose pages may call the interface, each as `scheme://host[:port]`. */
  origins: readonly string[];
};

/**
 * The gateway's listener. It rewrites `req.url` and calls the service's own listener, so a body is never
 * read twice and the service sees the client's socket. `X-Forwarded-For` passes untouched: nothing stands
 * in front of us, so it is a claim, and services treat it as one.
 */
export function createGateway(options: GatewayOptions): Listener {
  const origins = new Set(options.origins);
  return (req, res) => {
    setPageHeaders(res);
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

function notInstalled(service: string): Problem {
  return {
    status: 404,
    code: 'service_not_installed',
    title: `The ${service} service is not part of this installation`,
    detail: `This installation has no ${service} service; /docs lists what it answers.`,
  };
}
