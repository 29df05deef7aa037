/** What the workflows of CI must keep: exact versions, least rights, an end, and make targets that exist. */
import { parse } from 'yaml';
import { z } from 'zod';
import { lineOf, type Fault, type TextFile } from './tree.ts';

const permissions = z.union([z.string(), z.record(z.string(), z.string())]);
const jobSchema = z.looseObject({
  uses: z.string().optional(),
  permissions: permissions.optional(),
  'timeout-minutes': z.number().optional(),
  'runs-on': z.unknown().optional(),
  steps: z
    .array(z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() }))
    .default([]),
});
const workflowSchema = z.looseObject({
  // YAML 1.1 reads `on` as true; the parser in use follows 1.2.
  on: z.unknown(),
  permissions: permissions.optional(),
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), jobSchema),
});
type Job = z.output<typeof jobSchema>;

const maxMinutes = 120;
// A version of three numbers, or a whole commit; "v4", "main" and "latest" move under us.
const exactReference = /^[\w.-]+\/[\w./-]+@(?:v?\d+\.\d+\.\d+|[0-9a-f]{40})$/;

/** Faults of one workflow. `isExact` references are those of actions elsewhere; our own begin with "./". */
export function workflowFaults(file: TextFile): Fault[] {
  const workflow = workflowSchema.parse(parse(file.text));
  const told = JSON.stringify(workflow.on);
  const isCalledOnly = told.startsWith('{"workflow_call":') && !told.includes('"workflow_dispatch"');
  return [
    ...(told.includes('pull_request_target') || told.includes('workflow_run')
      ? [`${file.path}: runs with our rights on what others wrote`]
      : []),
    ...(JSON.stringify(workflow.permissions) === '{}'
      ? []
      : [`${file.path}: does not begin with "permissions: {}": each job names its own`]),
    ...(workflow.concurrency !== undefined || isCalledOnly ? [] : [`${file.path}: has no concurrency group`]),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) => [
      ...jobFaults(`${file.path}: job ${name}`, job),
      ...(told.includes('pull_request') ? secretFaults(`${file.path}: job ${name}`, job) : []),
    ]),
  ];
}

const ownPullRequest = 'github.event.pull_request.head.repo.full_name == github.repository';

/** Secrets of a job that pull requests run too, other than in steps that leave out those of forks. */
function secretFaults(where: string, job: Job): Fault[] {
  const { steps, ...rest } = job;
  const open = [rest, ...steps.filter((step) => !String(step.if).includes(ownPullRequest))];
  return open.some((part) => /secrets\.|"secrets"/.test(JSON.stringify(part)))
    ? [`${where} shows a secret to the pull requests of forks`]
    : [];
}

function jobFaults(where: string, job: Job): Fault[] {
  const references = [
    ...(job.uses === undefined ? [] : [job.uses]),
    ...job.steps.flatMap(({ uses }) => uses ?? []),
  ];
  const minutes = job['timeout-minutes'];
  const isCall = job.uses !== undefined;
  return [
    ...references
      .filter((reference) => !reference.startsWith('./') && !exactReference.test(reference))
      .map((reference) => `${where} uses ${reference}, which is no exact version`),
    ...(job.permissions === undefined || typeof job.permissions === 'string'
      ? [`${where} does not name its permissions one by one`]
      : []),
    // A job that calls a workflow ends with that one's jobs, and may not set a limit itself.
    ...(!isCall && (minutes === undefined || minutes > maxMinutes)
      ? [`${where} has no timeout-minutes up to ${maxMinutes}`]
      : []),
    ...(!isCall && /latest/.test(JSON.stringify(job['runs-on']))
      ? [`${where} runs on a machine that changes by itself`]
      : []),
    ...job.steps
      .filter(({ uses }) => uses?.startsWith('actions/checkout@') === true)
      .filter((step) => step.with?.['persist-credentials'] !== false)
      .map(() => `${where} leaves its token in the checkout (persist-credentials: false)`),
  ];
}

const makeCall = /(?:^|[\s'"(;&|])make((?: +(?:--silent|[A-Z_]+=(?:"[^"]*"|\S+)))*) +([a-z][a-z-]*)/gm;

/** Calls of make in `file` whose target does not exist. */
export function callFaults(file: TextFile, targets: ReadonlySet<string>): Fault[] {
  return makeCalls(file)
    .filter(({ target }) => !targets.has(target))
    .map(({ target, line }) => `${file.path}:${line}: there is no "make ${target}"`);
}

export function makeCalls(file: TextFile): { target: string; line: number }[] {
  const code = file.text.replaceAll(/^\s*(?:#|\/\/).*$/gm, '');
  return [...code.matchAll(makeCall)].map((match) => ({
    target: match[2] ?? '',
    line: lineOf(code, match.index + match[0].length),
  }));
}
