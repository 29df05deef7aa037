/** Which pods belong to an autoscaler: those that the `/scale` of its target selects, out of one cache of pods. */
import { reasonOf } from '../effects.ts';
import type { KubeApi } from '../kube/api.ts';
import { isForbidden } from '../kube/errors.ts';
import type { Reflector } from '../kube/reflector.ts';
import { deployments, type Resource } from '../kube/resource.ts';
import { parseLabelSelector, type LabelSelector } from '../kube/selector.ts';
import type { Time } from '../kube/time.ts';
import type { Autoscaler, LabelledPod } from './contracts.ts';

/** `fault` says why the pods of a target cannot be told; there are none then. `isForbidden`: a permission is missing. */
export type PodsOfTarget = { pods: readonly LabelledPod[]; fault: string | null; isForbidden: boolean };

export type TargetPods = {
  /** Never throws: an API server that does not answer leaves the selector that was known. */
  podsOf: (autoscaler: Autoscaler, signal: AbortSignal) => Promise<PodsOfTarget>;
  /** Names of the autoscalers, asked about before, whose pods this one is among. */
  targetsOf: (pod: LabelledPod) => readonly string[];
  forget: (namespace: string, name: string) => void;
};

export type TargetPodsDeps = {
  api: Pick<KubeApi, 'getScale'>;
  pods: Pick<Reflector<LabelledPod>, 'list'>;
  time: Time;
};

type Known = {
  target: string;
  selector: LabelSelector | null;
  fault: string | null;
  isForbidden: boolean;
  askAgainAtMs: number;
};

/** A selector never changes in a Deployment; a deleted and recreated one may have another. */
const keptMs = 600_000;
/** What was not found, or not answered, is asked for again after this. */
const retryMs = 10_000;

const statefulSets: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};
const scalable = [deployments, statefulSets];

export function createTargetPods(deps: TargetPodsDeps): TargetPods {
  const known = new Map<string, Known>();
  return {
    podsOf: async (autoscaler, signal) => {
      const key = `${autoscaler.namespace}/${autoscaler.name}`;
      const { kind, name } = autoscaler.scaleTarget;
      const before = known.get(key);
      const isFresh =
        before !== undefined &&
        before.target === `${kind}/${name}` &&
        before.askAgainAtMs > deps.time.nowMs();
      const now = isFresh ? before : await ask(deps, autoscaler, before, signal);
      known.set(key, now);
      const { selector, fault } = now;
      if (selector === null) return { pods: [], fault, isForbidden: now.isForbidden };
      const pods = deps.pods
        .list()
        .filter((pod) => pod.namespace === autoscaler.namespace && selector.matches(pod.labels));
      return { pods, fault: null, isForbidden: false };
    },
    targetsOf: (pod) =>
      [...known]
        .filter(
          ([key, { selector }]) =>
            key.startsWith(`${pod.namespace}/`) && selector?.matches(pod.labels) === true,
        )
        .map(([key]) => key.slice(pod.namespace.length + 1)),
    forget: (namespace, name) => void known.delete(`${namespace}/${name}`),
  };
}

async function ask(
  deps: TargetPodsDeps,
  autoscaler: Autoscaler,
  before: Known | undefined,
  signal: AbortSignal,
): Promise<Known> {
  const { namespace, scaleTarget } = autoscaler;
  const { kind, name } = scaleTarget;
  const target = `${kind}/${name}`;
  const nowMs = deps.time.nowMs();
  const without = (fault: string, error: unknown = null): Known => ({
    target,
    selector: null,
    fault,
    isForbidden: isForbidden(error),
    askAgainAtMs: nowMs + retryMs,
  });
  const resource = scalable.find((one) => one.kind === kind);
  if (resource === undefined) {
    return without(`the target scales a ${kind}: the operator knows the pods of a Deployment or StatefulSet`);
  }
  try {
    const scale = await deps.api.getScale(resource, { namespace, name }, { signal });
    if (scale === null) return without(`the target scales ${kind} ${name}, which does not exist`);
    const selector = parseLabelSelector(scale.selector);
    if (selector === null) return without(`${kind} ${name} has the selector "${scale.selector}"`);
    return { target, selector, fault: null, isForbidden: false, askAgainAtMs: nowMs + keptMs };
  } catch (error) {
    if (before?.target === target && before.selector !== null)
      return { ...before, askAgainAtMs: nowMs + retryMs };
    return without(reasonOf(error), error);
  }
}
