/** The spec of an EventSale: the one source of its types, its CRD and its reference page. */
import { z } from 'zod';
import { durationPattern } from './duration.ts';
import { statusSchema } from './event-sale-status.ts';
import { field, instant, type Rule } from './schema-fields.ts';

/** Longest texts and largest numbers, where the meaning gives no smaller one. */
const maxNameCharacters = 253;
const maxZoneCharacters = 64;
const maxDurationCharacters = 32;
const maxReservationsPerSecond = 1_000_000;
const maxReplicas = 5_000;

function duration(): z.ZodString {
  return z.string().max(maxDurationCharacters);
}

/** The bounds of a duration as a rule; the guard keeps CEL from failing on a text that is none. */
function between(shortest: string, longest: string, what: string, example: string, orAuto = false): Rule {
  const isDuration = `self.matches('^${durationPattern}$')`;
  const bounded = `${isDuration} && duration(self) >= duration('${shortest}') && duration(self) <= duration('${longest}')`;
  return {
    rule: orAuto ? `self == 'Auto' || (${bounded})` : bounded,
    message: `${what} must be ${orAuto ? 'Auto, or ' : ''}a duration from ${shortest} to ${longest}, such as ${example}`,
  };
}

const taskSchema = z.object({
  name: field(z.enum(['Inventory', 'Event', 'Search', 'Connections']), {
    about:
      'What is made warm. Inventory: stock in the memory of each booking pod. Connections: database connections and keys of each booking pod. Event: the page of the event in the event service. Search: the entry in the search service.',
    example: 'Inventory',
  }),
  policy: field(z.enum(['Required', 'BestEffort']), {
    about: 'Required: CachesWarm waits for it. BestEffort: it is tried and reported.',
    example: 'Required',
  }).prefault('Required'),
  timeout: field(duration(), {
    about: 'How long one try may take on one pod or service. It is then repeated.',
    example: '60s',
    rules: [between('1s', '10m', 'timeout', '60s')],
  }).prefault('60s'),
});

const defaultTasks: z.input<typeof taskSchema>[] = [
  { name: 'Inventory', policy: 'Required', timeout: '60s' },
  { name: 'Connections', policy: 'Required', timeout: '60s' },
  { name: 'Event', policy: 'BestEffort', timeout: '60s' },
  { name: 'Search', policy: 'BestEffort', timeout: '60s' },
];
const maxTasks = 4;

const targetSchema = field(
  z.object({
    kind: field(z.enum(['HorizontalPodAutoscaler']), {
      about: 'What carries the floor.',
      example: 'HorizontalPodAutoscaler',
    }).prefault('HorizontalPodAutoscaler'),
    name: field(z.string().max(maxNameCharacters), {
      about: 'Its name, in the namespace of the EventSale.',
      example: 'booking',
      rules: [
        {
          rule: "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message:
            'target.name must be the name of a HorizontalPodAutoscaler of this namespace: lower case letters, digits, points and hyphens',
        },
      ],
    }).prefault('booking'),
  }),
  { about: 'The HorizontalPodAutoscaler whose minReplicas the operator raises.' },
);

const prewarmSchema = field(
  z.object({
    leadTime: field(duration(), {
      about:
        'How long before `opensAt` pods are added and made warm. Auto: 1.5 times what scheduling, pulling, starting and warming took lately (95th percentile), at least 10 minutes.',
      example: '20m',
      rules: [between('1m', '24h', 'prewarm.leadTime', '15m or 1h30m', true)],
    }).prefault('Auto'),
    tasks: field(z.array(taskSchema).max(maxTasks), {
      about:
        'What is made warm, each task once. A list of your own replaces the default one; an empty list warms nothing.',
      mapKeys: ['name'],
    }).prefault(defaultTasks),
  }),
  { about: 'What happens in the time before the opening.' },
);

const openGateSchema = field(
  z.object({
    mode: field(z.enum(['Always', 'RequireWarm']), {
      about: 'Always: the sale opens at `opensAt`. RequireWarm: only when every Required task is done.',
      example: 'RequireWarm',
    }).prefault('Always'),
    onNotMet: field(z.enum(['Degrade', 'Hold']), {
      about:
        'What happens at `opensAt` when it is not warm. Degrade: it opens all the same, and Ready says so. Hold: it stays closed until it is warm, or until mode is Always.',
      example: 'Degrade',
    }).optional(),
  }),
  {
    about: 'What the opening waits for.',
    rules: [
      {
        rule: "!has(self.onNotMet) || self.mode == 'RequireWarm'",
        message: 'openGate.onNotMet belongs to mode RequireWarm: set that mode, or leave onNotMet out',
        fieldPath: '.onNotMet',
        reason: 'FieldValueForbidden',
      },
      {
        rule: "self.mode != 'RequireWarm' || has(self.onNotMet)",
        message:
          'openGate.onNotMet is needed with mode RequireWarm: Degrade opens on time all the same, Hold waits until it is warm',
        fieldPath: '.onNotMet',
        reason: 'FieldValueRequired',
      },
    ],
  },
);

const scaleDownSchema = field(
  z.object({
    stepPercent: field(z.int().min(1).max(100), {
      about: 'Share of the floor that one step takes away, in percent; one pod at least.',
      example: 20,
    }).prefault(20),
    period: field(duration(), {
      about: 'Time between two steps.',
      example: '60s',
      rules: [between('5s', '1h', 'scaleDown.period', '60s')],
    }).prefault('60s'),
    after: field(duration(), {
      about:
        'The longest wait after the close for what is held to be paid or to expire. The steps begin sooner when nothing is held.',
      example: '30m',
      rules: [between('0s', '24h', 'scaleDown.after', '30m')],
    }).prefault('30m'),
  }),
  { about: 'How the floor goes down after the close.' },
);

export const specSchema = field(
  z.object({
    eventID: field(z.string().max(36), {
      about: 'The event that is sold, by its id in Evently. It cannot be changed.',
      example: '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10',
      rules: [
        {
          rule: "self.matches('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')",
          message:
            'eventID must be the id of an event, a UUID in lower case such as 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10',
        },
        {
          rule: 'self == oldSelf',
          message: 'eventID cannot be changed: delete this EventSale and create one for the other event',
        },
      ],
    }),
    opensAt: field(instant(), {
      about: 'When the sale opens. Cannot be changed once the sale has opened.',
      example: '2026-11-20T19:00:00+01:00',
      // The format alone lets 10:00:00x5Z pass; comparing makes CEL read it.
      rules: [
        {
          rule: "self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",
          message: 'opensAt must be a time from 2000 to 2199, such as 2026-11-20T19:00:00+01:00',
        },
      ],
    }),
    closesAt: field(instant(), {
      about:
        'When it closes. Without it the sale runs until intent is Stop or the EventSale is deleted, and the floor is kept for 30 days at most.',
      example: '2026-11-20T22:00:00+01:00',
    }).optional(),
    timeZone: field(z.string().min(1).max(maxZoneCharacters), {
      about: 'The zone in which times are shown to people, an IANA name. It moves nothing.',
      example: 'Europe/Berlin',
      rules: [
        {
          rule: "self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}$')",
          message: 'timeZone must be an IANA name such as Europe/Berlin or UTC',
        },
      ],
    }).prefault('UTC'),
    target: targetSchema.prefault({}),
    demand: field(
      z.object({
        peakReservationsPerSecond: field(z.int().min(1).max(maxReservationsPerSecond), {
          about:
            'Reservations a second in the busiest moment. The pods follow from the annotations of the target.',
          example: 8000,
        }),
      }),
      { about: 'What is expected. Instead of `floor`.' },
    ).optional(),
    floor: field(
      z.object({
        replicas: field(z.int().min(1).max(maxReplicas), {
          about: 'Pods that this sale needs. Sales that overlap on one target add up.',
          example: 12,
        }),
      }),
      { about: 'Pods, named outright. Instead of `demand`.' },
    ).optional(),
    prewarm: prewarmSchema.prefault({}),
    // Its rules read the mode, so the default has to name it.
    openGate: openGateSchema.prefault({ mode: 'Always' }),
    intent: field(z.enum(['Run', 'Hold', 'Stop']), {
      about:
        'Run: as the window says. Hold: selling pauses and the pods stay. Stop: selling closes within a second, on every pod. Both end with Run.',
      example: 'Run',
    }).prefault('Run'),
    management: field(z.enum(['Managed', 'Paused']), {
      about:
        'Paused: the operator writes neither booking nor the target for this sale, and the floor stays. What is armed still opens and closes.',
      example: 'Managed',
    }).prefault('Managed'),
    priority: field(z.int().min(-1_000).max(1_000), {
      about: 'Which sale is served first when the target cannot grow enough: the higher one.',
      example: 10,
    }).prefault(0),
    scaleDown: scaleDownSchema.prefault({}),
    deletionPolicy: field(z.enum(['CloseAndRelease', 'ReleaseOnly']), {
      about:
        'What deleting the EventSale does. CloseAndRelease: booking closes the sale. ReleaseOnly: the window goes on as it was armed. Both give the floor back.',
      example: 'CloseAndRelease',
    }).prefault('CloseAndRelease'),
  }),
  {
    about: 'What is wanted.',
    rules: [
      {
        rule: 'has(self.demand) != has(self.floor)',
        message:
          'exactly one of demand and floor is needed: demand.peakReservationsPerSecond, or floor.replicas to name the pods yourself',
      },
      {
        rule: '!has(self.closesAt) || self.closesAt > self.opensAt',
        message:
          'closesAt must be later than opensAt: move closesAt, or leave it out to sell until you stop it',
        fieldPath: '.closesAt',
      },
      {
        rule: "!has(self.closesAt) || self.closesAt - self.opensAt <= duration('720h')",
        message:
          'a sale may last 30 days at most: bring closesAt nearer to opensAt, or create a second EventSale afterwards',
        fieldPath: '.closesAt',
      },
    ],
  },
);

const opened = 'has(oldSelf.status) && has(oldSelf.status.openedAt)';

/** The whole object as the CRD describes it; metadata is the API server's. */
export const eventSaleSchema = field(z.object({ spec: specSchema, status: statusSchema.optional() }), {
  about: 'A sale of one event: when it opens, what is expected, and what must be ready before.',
  rules: [
    {
      rule: `!(${opened}) || self.spec.opensAt == oldSelf.spec.opensAt`,
      message:
        'spec.opensAt cannot be changed: this sale has already opened (status.openedAt). Use spec.intent Hold or Stop, or spec.closesAt',
      fieldPath: '.spec.opensAt',
      reason: 'FieldValueForbidden',
    },
    {
      rule: `!(${opened}) || self.spec.target.name == oldSelf.spec.target.name`,
      message:
        'spec.target.name cannot be changed: this sale has already opened (status.openedAt), and its pods are in use',
      fieldPath: '.spec.target.name',
      reason: 'FieldValueForbidden',
    },
  ],
});

/** The spec as a person writes it. */
export type EventSaleSpecInput = z.input<typeof specSchema>;
/** The spec with its defaults. */
export type EventSaleSpec = z.output<typeof specSchema>;
