/** What the command line of the benchmark of search asks for. */
import { parseArgs } from 'node:util';
import { BadInput } from '../bad-input.ts';

export type SearchOptions = {
  engines: readonly ('postgres' | 'opensearch')[];
  events: number;
  perSecond: number;
  seconds: number;
  /** Said with the numbers: what ran beside them. */
  beside: string;
  /** Whether the page is written as well. */
  isPublished: boolean;
};

const maxEvents = 1_000_000;
const maxPerSecond = 10_000;
const maxSeconds = 3_600;

/** Throws `BadInput` with what to write instead. */
export function readSearchOptions(args: readonly string[]): SearchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engines: { type: 'string', default: 'postgres,opensearch' },
      events: { type: 'string', default: '100000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '30' },
      beside: { type: 'string', default: 'nothing else' },
      publish: { type: 'boolean', default: false },
    },
  });
  return {
    engines: values.engines.split(',').map((name) => {
      if (name === 'postgres' || name === 'opensearch') return name;
      throw new BadInput(`There is no engine "${name}"; there are postgres and opensearch`);
    }),
    events: whole('--events', values.events, maxEvents),
    perSecond: whole('--rate', values.rate, maxPerSecond),
    seconds: whole('--seconds', values.seconds, maxSeconds),
    beside: values.beside,
    isPublished: values.publish,
  };
}

function whole(name: string, text: string, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new BadInput(`${name} must be a whole number from 1 to ${most}`);
}
