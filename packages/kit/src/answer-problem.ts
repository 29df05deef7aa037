/** Answers in front of any application: problem documents, and the headers that every answer to a browser carries. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from './clock.ts';
import { newId } from './ids.ts';
import { problemResponse, type Problem } from './problems.ts';
import { parseTraceparent } from './tracing-context.ts';

/** Content-Security-Policy of answers that no browser shows as a page. */
export const apiPolicy = "default-src 'none'; frame-ancestors 'none'";

export const invalidPath: Problem = {
  status: 400,
  code: 'invalid_path',
  title: 'The path is not one that this platform reads',
  detail: 'Send a path without dot segments, empty segments, back slashes or encoded slashes.',
};

/** What a browser is told about every answer, whoever gives it. */
export function setPageHeaders(res: ServerResponse): void {
  res.setHeader('x-content-type-options', 'nosniff');
  res.setHeader('referrer-policy', 'no-referrer');
}

/** Answers with a problem document where no application is reached. */
export function answerProblem(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const requestId = newId(systemClock.now().getTime());
  const { traceparent } = req.headers;
  const named = parseTraceparent(typeof traceparent === 'string' ? traceparent : undefined);
  const answer = problemResponse(problem, requestId, named?.traceId);
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
