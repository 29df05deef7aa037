/** The values of a service's chart: the same for every service but for its numbers and its settings. */
import type { Settings } from '@evently/kit/config';
import { platformSettings } from '@evently/kit/platform';
import { podSettings } from '@evently/pod/settings';
import { chartSettings, globalValues } from './global-values.ts';
import { settingsSchema } from './settings-schema.ts';
import {
  flag,
  group,
  leaf,
  object,
  objects,
  oneOf,
  text,
  texts,
  whole,
  words,
  type Fields,
  type Group,
  type Json,
  type Schema,
} from './value-tree.ts';

/** What differs from service to service. */
export type ServiceFacts = {
  name: string;
  settings: Settings;
  poolSize: number;
  leastPoolSize?: number;
  maxReplicas: number;
  cpu: string;
  memory: string;
  memoryLimit: string;
  /** Pods outside every sale, where the operator owns the floor. */
  managed?: { baselineReplicas: number };
  /** Values that no other service has, and the settings that follow from them. */
  own?: { values: Fields; settings: readonly string[] };
};

const pattern = {
  name: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$',
  nameOrNone: '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$',
  digestOrNone: '^(sha256:[0-9a-f]{64})?$',
} as const;
const countOrPercent: Schema = { type: ['integer', 'string'], pattern: '^[0-9]{1,3}%$', minimum: 0 };

export function serviceValues(facts: ServiceFacts): Fields {
  const { name, managed } = facts;
  return {
    enabled: flag('Whether the umbrella installs this chart.', true),
    ...imageValues(`evently/${name}`),
    replicas: whole('Pods without an autoscaler.', managed?.baselineReplicas ?? 2, 1, 1_000),
    hpa: autoscalerValues(facts),
    ...(managed === undefined ? {} : { operator: managedValues(managed.baselineReplicas) }),
    database: group('Its database, by a key of a Secret.', {
      secretName: text('Another Secret than global.secrets.postgres.', '', pattern.nameOrNone),
      urlKey: text(`Key of the URL; empty is ${name}-url.`, ''),
      replicaUrlKey: text('Key of the URL of a replica, for lists and reports only; empty is none.', ''),
      poolSize: whole(
        "Connections of one pod's pool; it has two more. Counted against global.postgres.maxConnections.",
        facts.poolSize,
        facts.leastPoolSize ?? 1,
        50,
      ),
    }),
    ...facts.own?.values,
    migrations: group('The hook that brings the database to the newest schema before the new pods come.', {
      enabled: flag('Whether there is one; otherwise run the same command yourself, before.', true),
      backoffLimit: whole('Further tries after a failure.', 3, 0, 20),
      deadlineSeconds: whole('Seconds for all tries together.', 300, 10, 3_600),
      resources: object('Of the pod that migrates.', resources('50m', '128Mi', '384Mi')),
    }),
    settings: leaf(
      'Settings of the service by their names, beside those that values set; `main.ts config` in a pod lists them with their defaults.',
      {},
      settingsSchema({ ...platformSettings, ...podSettings, ...facts.settings }, keptSettings(facts)),
    ),
    resources: object(
      'Without a limit for the CPU: throttling makes the slowest answers slower.',
      resources(facts.cpu, facts.memory, facts.memoryLimit),
    ),
    ...lifeValues(),
    ...podValues(),
    global: globalValues,
  };
}

/** Where the image comes from. */
export function imageValues(repository: string): Fields {
  return {
    image: group('Its image; what is empty is that of global.image.', {
      registry: text('Registry in front of the repository.', ''),
      repository: text('Repository.', repository, '^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?$'),
      tag: text('Tag; a digest wins over it.', '', '^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$'),
      digest: text('Digest of the image.', '', pattern.digestOrNone),
      pullPolicy: oneOf('When the nodes pull; empty is global.image.pullPolicy.', '', [
        '',
        'Always',
        'IfNotPresent',
        'Never',
      ]),
    }),
  };
}

/** Where pods run and what is put beside them. */
export function podValues(): Fields {
  return {
    pdb: group('A budget for disruptions, made when there is more than one pod.', {
      enabled: flag('Whether it is made.', true),
      maxUnavailable: leaf('Pods that a drain may take at once.', 1, countOrPercent),
    }),
    podAnnotations: words('Annotations of the pods.'),
    podLabels: words('Further labels of the pods.'),
    imagePullSecrets: texts('Names of Secrets to pull the image with, beside those of global.', pattern.name),
    priorityClassName: text('Priority class of the pods.', '', pattern.nameOrNone),
    nodeSelector: words('Labels of the nodes that the pods run on.'),
    tolerations: objects('Taints that the pods tolerate.'),
    affinity: object('Affinity of the pods. They are spread over zones and nodes in any case.'),
    extraEnv: leaf('Further environment of the container, in the form of a container.', [], {
      type: 'array',
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    }),
    extraVolumes: objects('Further volumes of the pods.'),
    extraVolumeMounts: objects('Where the container mounts them.'),
    extraObjects: leaf('Further objects of this release: YAML, or text that is a template.', [], {
      type: 'array',
      items: { type: ['object', 'string'] },
    }),
    service: group('', { annotations: words('Annotations of the Service.') }),
    networkPolicy: group('Beside what the charts allow.', {
      extraIngress: objects('Further rules for who may call.'),
      extraEgress: objects('Further rules for whom it may call.'),
    }),
  };
}

export function resources(cpu: string, memory: string, memoryLimit: string): Json {
  return { requests: { cpu, memory }, limits: { memory: memoryLimit } };
}

export function probeValues(startupFailures: number): Group {
  return group('When a probe asks, and how often it may fail; its paths are fixed.', {
    startup: object('Has it started.', {
      periodSeconds: 2,
      timeoutSeconds: 2,
      failureThreshold: startupFailures,
    }),
    readiness: object('Does it take requests.', { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 }),
    liveness: object('Does its event loop turn.', {
      periodSeconds: 10,
      timeoutSeconds: 3,
      failureThreshold: 3,
    }),
  });
}

function lifeValues(): Fields {
  return {
    rollout: group('How pods are replaced.', {
      maxSurge: leaf('Pods more than wanted; counted for the connections.', 1, {
        type: 'integer',
        minimum: 0,
        maximum: 100,
      }),
      maxUnavailable: leaf('Pods fewer than wanted.', 0, countOrPercent),
    }),
    preStopSeconds: whole('Seconds between leaving the endpoints and the signal to end.', 5, 3, 120),
    drainSeconds: whole(
      'Seconds after it in which the pod is not ready and each answer ends its connection. The grace period is both, and what closing may take.',
      3,
      0,
      300,
    ),
    // A pod waits ten minutes for its database by itself, and says for what; a restart would help nothing.
    probes: probeValues(300),
  };
}

function autoscalerValues({ maxReplicas, managed }: ServiceFacts): Group {
  return group('The autoscaler.', {
    enabled: flag('Whether there is one. The number of pods is then its own, and never declared.', true),
    minReplicas: whole(
      managed === undefined
        ? 'Pods at least.'
        : 'Pods at least when the operator does not manage them; otherwise the operator owns this field.',
      2,
      1,
      1_000,
    ),
    maxReplicas: whole('Pods at most.', maxReplicas, 1, 1_000),
    cpuPercent: whole('CPU wanted on average, in percent of what is requested.', 60, 1, 100),
    behavior: object('How fast it goes up and down.', {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Percent', value: 100, periodSeconds: 15 },
          { type: 'Pods', value: 4, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: 300,
        selectPolicy: 'Max',
        policies: [
          { type: 'Percent', value: 20, periodSeconds: 60 },
          { type: 'Pods', value: 1, periodSeconds: 60 },
        ],
      },
    }),
  });
}

function managedValues(baselineReplicas: number): Group {
  const measured: Schema = { type: ['integer', 'string'], pattern: '^([1-9][0-9]{0,6})?$', minimum: 1 };
  return group("What Evently's operator does with the autoscaler, and is told by its annotations.", {
    manages: flag('Whether the operator owns minReplicas, which is then not declared.', true),
    baselineReplicas: whole('Pods outside every sale.', baselineReplicas, 1, 1_000),
    reservationsPerSecondPerPod: leaf(
      'Reservations a second that one pod was measured to serve; empty when nobody has measured.',
      '',
      measured,
    ),
    reservationsPerSecondPerEvent: leaf(
      'Reservations a second that one event was measured to serve, however many pods there are.',
      '',
      measured,
    ),
  });
}

/** Set by values of their own, by the image, or never in a cluster. */
function keptSettings({ name, own }: ServiceFacts): string[] {
  const prefix = name.toUpperCase();
  return [`${prefix}_PORT`, `${prefix}_POOL_SIZE`, ...(own?.settings ?? []), ...chartSettings];
}
