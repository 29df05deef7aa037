/** EventSales that the API server must refuse, with what it must say, and edits that it must allow or refuse. */

export const eventID = '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10';
const otherEvent = '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a99';
const opensAt = '2027-03-12T10:00:00+01:00';

export type Spec = Readonly<Record<string, unknown>>;
export const goodSpec: Spec = { eventID, opensAt, demand: { peakReservationsPerSecond: 8000 } };

export type Refused = { name: string; changes: Spec; says: RegExp };

const task = (changes: Spec): Spec => ({ prewarm: { tasks: [{ name: 'Inventory', ...changes }] } });
const tasks = (...names: string[]): Spec => ({ prewarm: { tasks: names.map((name) => ({ name })) } });
const leadTime = (text: string): Spec => ({ prewarm: { leadTime: text } });
const leadTimeSays =
  /spec\.prewarm\.leadTime: .*must be Auto, or a duration from 1m to 24h, such as 15m or 1h30m/;
const timeoutSays =
  /spec\.prewarm\.tasks\[0\]\.timeout: .*timeout must be a duration from 1s to 10m, such as 60s/;
const eventSays =
  /spec\.eventID: .*eventID must be the id of an event, a UUID in lower case such as 0197f3c2-/;
const oneOf =
  /exactly one of demand and floor is needed: demand\.peakReservationsPerSecond, or floor\.replicas/;
const zoneSays = /spec\.timeZone: .*timeZone must be an IANA name such as Europe\/Berlin or UTC/;

/** `changes` are made to `goodSpec`; undefined takes a field away. */
export const refusedSales: readonly Refused[] = [
  { name: 'no event', changes: { eventID: undefined }, says: /spec\.eventID: Required value/ },
  { name: 'an event by name', changes: { eventID: 'autumn-tour' }, says: eventSays },
  { name: 'an event in capitals', changes: { eventID: eventID.toUpperCase() }, says: eventSays },
  { name: 'no opening', changes: { opensAt: undefined }, says: /spec\.opensAt: Required value/ },
  {
    name: 'an opening in words',
    changes: { opensAt: 'tomorrow' },
    says: /spec\.opensAt: .*must be of type date-time: "tomorrow"/,
  },
  {
    name: 'an opening without an offset',
    changes: { opensAt: '2027-03-12T10:00:00' },
    says: /spec\.opensAt: .*must be of type date-time/,
  },
  {
    name: 'an opening with letters in its seconds',
    changes: { opensAt: '2027-03-12T10:00:00x5Z' },
    says: /spec\.opensAt: .*2027-03-12T10:00:00x5Z.*opensAt must be a time from 2000 to 2199/,
  },
  {
    name: 'an opening in the year that a slip of the hand made',
    changes: { opensAt: '0207-03-12T10:00:00Z' },
    says: /spec\.opensAt: .*opensAt must be a time from 2000 to 2199, such as/,
  },
  {
    name: 'a close before the opening',
    changes: { closesAt: '2027-03-12T08:59:59Z' },
    says: /spec\.closesAt: .*closesAt must be later than opensAt: move closesAt, or leave it out/,
  },
  {
    name: 'a close at the opening, written with another offset',
    changes: { closesAt: '2027-03-12T09:00:00Z' },
    says: /closesAt must be later than opensAt/,
  },
  {
    name: 'a sale of thirty days and a second',
    changes: { closesAt: '2027-04-11T09:00:01Z' },
    says: /spec\.closesAt: .*a sale may last 30 days at most: bring closesAt nearer to opensAt/,
  },
  { name: 'a zone with a space', changes: { timeZone: 'Europe Berlin' }, says: zoneSays },
  { name: 'a zone as an offset', changes: { timeZone: '+01:00' }, says: zoneSays },
  {
    name: 'a target that is no autoscaler',
    changes: { target: { kind: 'Deployment', name: 'booking' } },
    says: /spec\.target\.kind: Unsupported value: "Deployment": supported values: "HorizontalPodAutoscaler"/,
  },
  {
    name: 'a target with no possible name',
    changes: { target: { name: 'Booking_1' } },
    says: /spec\.target\.name: .*must be the name of a HorizontalPodAutoscaler of this namespace/,
  },
  { name: 'neither demand nor floor', changes: { demand: undefined }, says: oneOf },
  { name: 'both demand and floor', changes: { floor: { replicas: 4 } }, says: oneOf },
  {
    name: 'a demand of nothing',
    changes: { demand: { peakReservationsPerSecond: 0 } },
    says: /peakReservationsPerSecond in body should be greater than or equal to 1/,
  },
  {
    name: 'half a reservation',
    changes: { demand: { peakReservationsPerSecond: 0.5 } },
    says: /Checked value must be of type integer .* in spec\.demand\.peakReservationsPerSecond/,
  },
  {
    name: 'an empty demand',
    changes: { demand: {} },
    says: /spec\.demand\.peakReservationsPerSecond: Required value/,
  },
  {
    name: 'a floor of no pods',
    changes: { demand: undefined, floor: { replicas: 0 } },
    says: /spec\.floor\.replicas in body should be greater than or equal to 1/,
  },
  {
    name: 'a floor of too many pods',
    changes: { demand: undefined, floor: { replicas: 5001 } },
    says: /spec\.floor\.replicas in body should be less than or equal to 5000/,
  },
  { name: 'a lead time that is too short', changes: leadTime('59s'), says: leadTimeSays },
  { name: 'a lead time that is too long', changes: leadTime('24h1ms'), says: leadTimeSays },
  { name: 'a lead time in words', changes: leadTime('1 hour'), says: leadTimeSays },
  { name: 'a lead time in days', changes: leadTime('1d'), says: leadTimeSays },
  {
    name: 'a task twice',
    changes: tasks('Search', 'Inventory', 'Search'),
    says: /spec\.prewarm\.tasks\[2\]: Duplicate value: .*"Search"/,
  },
  {
    name: 'a task that does not exist',
    changes: tasks('Cache'),
    says: /tasks\[0\]\.name: Unsupported value: "Cache": supported values: "Inventory", "Event", "Search", "Connections"/,
  },
  {
    name: 'too many tasks',
    changes: tasks('Search', 'Inventory', 'Event', 'Connections', 'Search'),
    says: /spec\.prewarm\.tasks: Too many: 5: must have at most 4 items/,
  },
  {
    name: 'a policy that does not exist',
    changes: task({ policy: 'Maybe' }),
    says: /policy: Unsupported value: "Maybe": supported values: "Required", "BestEffort"/,
  },
  { name: 'no time for a task', changes: task({ timeout: '0s' }), says: timeoutSays },
  { name: 'too much time for a task', changes: task({ timeout: '11m' }), says: timeoutSays },
  { name: 'a time without a unit', changes: task({ timeout: '60' }), says: timeoutSays },
  {
    name: 'what to do when not warm, without the gate',
    changes: { openGate: { onNotMet: 'Hold' } },
    says: /spec\.openGate\.onNotMet: .*onNotMet belongs to mode RequireWarm: set that mode, or leave onNotMet out/,
  },
  {
    name: 'the gate without what to do when not warm',
    changes: { openGate: { mode: 'RequireWarm' } },
    says: /spec\.openGate\.onNotMet: .*needed with mode RequireWarm: Degrade opens on time all the same, Hold waits/,
  },
  {
    name: 'a gate that does not exist',
    changes: { openGate: { mode: 'Sometimes' } },
    says: /spec\.openGate\.mode: Unsupported value: "Sometimes"/,
  },
  {
    name: 'an intent in small letters',
    changes: { intent: 'stop' },
    says: /spec\.intent: Unsupported value: "stop": supported values: "Run", "Hold", "Stop"/,
  },
  {
    name: 'an unknown management',
    changes: { management: 'Off' },
    says: /spec\.management: Unsupported value: "Off": supported values: "Managed", "Paused"/,
  },
  {
    name: 'a priority out of bounds',
    changes: { priority: 1001 },
    says: /spec\.priority in body should be less than or equal to 1000/,
  },
  {
    name: 'a step of nothing',
    changes: { scaleDown: { stepPercent: 0 } },
    says: /scaleDown\.stepPercent in body should be greater than or equal to 1/,
  },
  {
    name: 'a step of more than all',
    changes: { scaleDown: { stepPercent: 101 } },
    says: /scaleDown\.stepPercent in body should be less than or equal to 100/,
  },
  {
    name: 'steps that follow too fast',
    changes: { scaleDown: { period: '1s' } },
    says: /spec\.scaleDown\.period: .*scaleDown\.period must be a duration from 5s to 1h, such as 60s/,
  },
  {
    name: 'a wait of more than a day',
    changes: { scaleDown: { after: '25h' } },
    says: /spec\.scaleDown\.after: .*scaleDown\.after must be a duration from 0s to 24h, such as 30m/,
  },
  {
    name: 'a deletion policy that does not exist',
    changes: { deletionPolicy: 'Keep' },
    says: /spec\.deletionPolicy: Unsupported value: "Keep": supported values: "CloseAndRelease", "ReleaseOnly"/,
  },
  { name: 'a misspelt field', changes: { opensat: opensAt }, says: /unknown field "spec\.opensat"/ },
];

/** A merge patch of the spec of a sale that is `goodSpec`; `says` null means that it must pass. */
export type Edit = { name: string; patch: Spec; says: RegExp | null };

const frozen =
  /spec\.opensAt: Forbidden: spec\.opensAt cannot be changed: this sale has already opened \(status\.openedAt\)\. Use spec\.intent Hold or Stop, or spec\.closesAt/;

export const editsBeforeOpening: readonly Edit[] = [
  { name: 'another opening', patch: { opensAt: '2027-03-12T11:00:00+01:00' }, says: null },
  { name: 'back again', patch: { opensAt }, says: null },
  { name: 'another target', patch: { target: { name: 'booking-large' } }, says: null },
  { name: 'a floor instead of demand', patch: { demand: null, floor: { replicas: 4 } }, says: null },
  { name: 'demand beside the floor', patch: { demand: { peakReservationsPerSecond: 10 } }, says: oneOf },
  {
    name: 'another event',
    patch: { eventID: otherEvent },
    says: /spec\.eventID: .*eventID cannot be changed: delete this EventSale and create one for the other event/,
  },
];

export const editsAfterOpening: readonly Edit[] = [
  { name: 'another opening', patch: { opensAt: '2027-03-12T11:00:00+01:00' }, says: frozen },
  { name: 'the same opening with another offset', patch: { opensAt: '2027-03-12T09:00:00Z' }, says: null },
  {
    name: 'another target',
    patch: { target: { name: 'booking' } },
    says: /spec\.target\.name: Forbidden: spec\.target\.name cannot be changed: this sale has already opened/,
  },
  { name: 'an earlier close', patch: { closesAt: '2027-03-12T12:00:00+01:00' }, says: null },
  { name: 'a later close', patch: { closesAt: '2027-03-20T12:00:00+01:00' }, says: null },
  { name: 'more pods', patch: { floor: { replicas: 40 } }, says: null },
  { name: 'Hold', patch: { intent: 'Hold' }, says: null },
  { name: 'Stop', patch: { intent: 'Stop' }, says: null },
  { name: 'Run after Stop', patch: { intent: 'Run' }, says: null },
  { name: 'Paused', patch: { management: 'Paused' }, says: null },
];
