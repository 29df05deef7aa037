/** The publishing side of the bus: adds what the relay claims, bounds the streams, and notices when one is lost. */
import { BusUnavailable, type Delivery, type Message } from '@evently/kit/bus';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import {
  findStreamTopics,
  publishAgain,
  readStreamProgress,
  saveHandled,
  savePublished,
} from '@evently/kit/outbox-streams';
import type { Sql } from '@evently/kit/postgres';
import type { StreamMetrics } from './stream-metrics.ts';
import {
  beginning,
  fieldsOf,
  isBefore,
  type Appended,
  type Fields,
  type GroupState,
  type Place,
  type Stream,
} from './stream.ts';

export type StreamPublisherDeps = {
  streamOf: (topic: string) => Stream;
  /** The consumers of each topic. */
  consumers: Readonly<Record<string, readonly string[]>>;
  /** Consumers that are not, or no longer: what is left of them goes when nobody has read for so long. */
  retired: Readonly<Record<string, readonly string[]>>;
  retiredAfterMs: number;
  maxLength: number;
  log: Logger;
  metrics: StreamMetrics;
};

export type StreamPublisher = {
  publishBatch: (messages: readonly Message[], relay?: Sql) => Promise<Delivery>;
  lookAfter: (relay: Sql) => Promise<boolean>;
};

const lookEveryMs = 1_000;
/** One command carries so much at most; more of a batch follows in another. */
const pieceBytes = 1_000_000;
/** From this share of its maximum on, a stream is thinned around what is pending for long. */
const thinShare = 0.5;
const thinPage = 100;
const thinPagesPerLook = 20;

/**
 * With the relay's transaction a stream must have reached the place that was noted with the last published
 * message; one that has not was lost, in whole or in part, and everything that was published and perhaps not
 * handled by all is published again. Without it nothing is known of earlier messages, and a stream that is missing
 * is begun anew.
 *
 * A relay that has lost its turn, with its session, may still have a command on its way. It must not arrive between
 * messages that its successor publishes again, so it names the last place that it has seen, and the relay's transaction
 * is asked after that look: had anybody published since, the place would be another.
 */
export function createStreamPublisher(deps: StreamPublisherDeps): StreamPublisher {
  const thinFrom = new Map<string, Place>();
  let nextLookAtMs = 0;

  async function publishTopic(topic: string, messages: readonly Message[], relay?: Sql): Promise<Message[]> {
    const groups = deps.consumers[topic] ?? [];
    // Nobody is going to read it, and nobody would ever take it out of the stream.
    if (groups.length === 0) return [...messages];
    const stream = deps.streamOf(topic);
    let floor = beginning;
    let seen: Place | null = null;
    if (relay !== undefined) {
      seen = (await stream.last()) ?? beginning;
      const progress = await readStreamProgress(relay, topic, beginning);
      floor = progress.lastPlace;
      if (progress.isNew) await stream.open(groups);
    }
    const added: Message[] = [];
    for (const piece of piecesOf(messages)) {
      const appended = await addPiece(deps, stream, piece, { floor, seen }, relay);
      if (appended.kind === 'lost') return [];
      if (appended.kind === 'full' && added.length === 0)
        throw new BusUnavailable(`the stream of topic ${topic} is full: ${appended.slowest}`);
      if (appended.kind === 'full') break;
      floor = appended.last;
      if (relay !== undefined) seen = appended.last;
      added.push(...piece.messages);
    }
    if (relay !== undefined && added.length > 0) await savePublished(relay, topic, floor);
    deps.metrics.published(topic, added.length);
    return added;
  }

  /** Answers whether the topic's stream was lost. */
  async function lookAtTopic(topic: string, relay: Sql): Promise<boolean> {
    const stream = deps.streamOf(topic);
    const { lastPlace, nextPlace, isSettled } = await readStreamProgress(relay, topic, beginning);
    await retireGroups(deps, stream);
    const survey = await stream.survey(lastPlace, deps.consumers[topic] ?? []);
    if (survey.kind === 'lost') return replay(deps, stream, survey.reached, relay).then(() => true);
    deps.metrics.surveyed(topic, survey.length, survey.groups);
    const isEverything = !isBefore(survey.handled, lastPlace);
    if (!isSettled && !isBefore(survey.handled, nextPlace)) await saveHandled(relay, topic, isEverything);
    if (survey.length > thinShare * deps.maxLength) await thinTopic(stream);
    else thinFrom.delete(topic);
    return false;
  }

  async function thinTopic(stream: Stream): Promise<void> {
    let from: Place | null = thinFrom.get(stream.topic) ?? beginning;
    for (let page = 0; page < thinPagesPerLook && from !== null; page += 1)
      from = await stream.thin(from, thinPage, deps.consumers[stream.topic] ?? []);
    if (from === null) thinFrom.delete(stream.topic);
    else thinFrom.set(stream.topic, from);
  }

  return {
    publishBatch: async (messages, relay) => {
      const handled = new Set<string>();
      const byTopic = Map.groupBy(messages, (message) => message.topic);
      for (const [topic, batch] of byTopic) {
        for (const { id } of await publishTopic(topic, batch, relay)) handled.add(id);
      }
      return { handled, failed: new Map() };
    },
    lookAfter: async (relay) => {
      if (monotonicMs() < nextLookAtMs) return false;
      let isLost = false;
      for (const topic of await findStreamTopics(relay)) isLost = (await lookAtTopic(topic, relay)) || isLost;
      nextLookAtMs = monotonicMs() + lookEveryMs;
      return isLost;
    },
  };
}

async function retireGroups(
  { retired, retiredAfterMs, log }: StreamPublisherDeps,
  stream: Stream,
): Promise<void> {
  const groups = retired[stream.topic] ?? [];
  if (groups.length === 0) return;
  for (const group of await stream.retire(groups, retiredAfterMs))
    log.warn(
      { topic: stream.topic, group, silentMs: retiredAfterMs },
      'nobody reads for a consumer that this installation does not have; nothing is kept for it any more',
    );
}

type Added = { kind: 'added'; last: Place } | { kind: 'lost' } | { kind: 'full'; slowest: string };

/** Adds all of `piece` or none. A full stream is trimmed and asked once more. */
async function addPiece(
  deps: StreamPublisherDeps,
  stream: Stream,
  { fields }: Piece,
  { floor, seen }: { floor: Place; seen: Place | null },
  relay: Sql | undefined,
): Promise<Added> {
  const groups = deps.consumers[stream.topic] ?? [];
  const append = (): Promise<Appended> => stream.append(fields, floor, seen, deps.maxLength);
  let slowest = '';
  let appended = await append();
  if (appended.kind === 'lost' && relay === undefined) {
    await stream.open(groups);
    appended = await append();
  }
  if (appended.kind === 'full') {
    const survey = await stream.survey(floor, groups);
    if (survey.kind === 'there') {
      deps.metrics.surveyed(stream.topic, survey.length, survey.groups);
      slowest = slowestOf(survey.groups);
    }
    appended = await append();
  }
  if (appended.kind === 'lost' && relay !== undefined) await replay(deps, stream, appended.reached, relay);
  if (appended.kind === 'moved')
    throw new BusUnavailable(
      `somebody else has published to topic ${stream.topic}; the next round looks again`,
    );
  if (appended.kind !== 'full') return appended;
  deps.metrics.heldBack(stream.topic);
  return { kind: 'full', slowest };
}

/** Whoever sees that the outbox waits looks at this consumer, or at what is left of one that no longer exists. */
function slowestOf(groups: readonly GroupState[]): string {
  const behind = (state: GroupState): number => state.pending + (state.waiting ?? 0);
  const [slowest] = groups.toSorted((a, b) => behind(b) - behind(a));
  return slowest === undefined
    ? 'it has no consumer'
    : `${slowest.group} has ${behind(slowest)} messages to handle`;
}

/** The stream is made again before what was lost is noted: a process that ends in between finds it lost again. */
async function replay(
  { consumers, log, metrics }: StreamPublisherDeps,
  stream: Stream,
  reached: Place,
  relay: Sql,
): Promise<void> {
  await stream.open(consumers[stream.topic] ?? []);
  const messages = await publishAgain(relay, stream.topic, reached === '' ? beginning : reached);
  metrics.replayed(stream.topic, messages);
  log.warn({ topic: stream.topic, reached, messages }, 'the stream was lost; the outbox publishes again');
}

type Piece = { messages: Message[]; fields: Fields[]; bytes: number };

function piecesOf(messages: readonly Message[]): Piece[] {
  const pieces: Piece[] = [];
  for (const message of messages) {
    const fields = fieldsOf(message);
    const bytes = fields[3].length;
    const last = pieces.at(-1);
    if (last === undefined || last.bytes + bytes > pieceBytes) {
      pieces.push({ messages: [message], fields: [fields], bytes });
      continue;
    }
    last.messages.push(message);
    last.fields.push(fields);
    last.bytes += bytes;
  }
  return pieces;
}
