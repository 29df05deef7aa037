/** A migration runs beside the version before: it only adds, and what it locks it locks for a moment. */
import { lineOf, type Fault, type TextFile } from './tree.ts';

type Rule = { found: RegExp; says: string; ofTable?: boolean };

/**
 * What the version before, which is still selling, could meet. Rules with `ofTable` name a table in their first
 * group, and do not hold for one that the same migration makes: nobody uses that yet.
 */
const rules: readonly Rule[] = [
  {
    found: /^drop (?:table|view|materialized view|type|schema|sequence|extension)\b/,
    says: 'drops what the version before reads',
  },
  {
    found: /^drop (?:function|procedure|aggregate)\b/,
    says: 'drops a function that the version before calls: make the new one beside it',
  },
  {
    found: /^alter table (?:if exists )?(?:only )?(\w+)\b.*\bdrop column\b/,
    says: 'drops a column that the version before names',
    ofTable: true,
  },
  {
    found: /^alter table (?:if exists )?(?:only )?(\w+)\b.*\brename\b/,
    says: 'renames what the version before names',
    ofTable: true,
  },
  {
    found: /^alter (?:function|view|type|sequence|index)\b.*\brename\b/,
    says: 'renames what the version before names',
  },
  {
    found: /^alter table (?:if exists )?(?:only )?(\w+)\b.*\balter (?:column )?\w+ (?:set data )?type\b/,
    says: 'changes the type of a column, and writes the table anew under its lock',
    ofTable: true,
  },
  {
    found: /^alter table (?:if exists )?(?:only )?(\w+)\b.*\bset not null\b/,
    says: 'asks for a value that the version before does not write',
    ofTable: true,
  },
  {
    found: /^alter table (?:if exists )?(?:only )?(\w+)\b.*\bdrop default\b/,
    says: 'takes away the value that the version before relies on',
    ofTable: true,
  },
  {
    found:
      /^alter table (?:if exists )?(?:only )?(\w+)\b.*\badd (?:constraint\b|check\b|unique\b|primary key\b|foreign key\b|exclude\b)/,
    says: 'adds a rule that the version before does not know',
    ofTable: true,
  },
  {
    found: /^create unique index (?:concurrently )?(?:if not exists )?\w+ on (?:only )?(\w+)/,
    says: 'adds a rule that the version before does not know',
    ofTable: true,
  },
  {
    found: /^create index (?!concurrently )(?:if not exists )?\w+ on (?:only )?(\w+)/,
    says: 'lets every write to the table wait while the index is built',
    ofTable: true,
  },
  {
    found: /^(?:update|insert into) (\w+)/,
    says: 'writes rows: fill them in batches beside the running platform',
    ofTable: true,
  },
  { found: /^(?:delete from|truncate)\b/, says: 'removes rows' },
  { found: /^revoke\b/, says: 'takes away a right that the version before uses' },
];

const addedColumn =
  /\badd (?:column )?(?:if not exists )?(?!constraint\b|check\b|unique\b|primary\b|foreign\b|exclude\b)(\w+) ([^,]*(?:\([^)]*\)[^,]*)*)/g;

/** One fault for each thing that `file` takes away from the version before. */
export function expandFaults(file: TextFile): Fault[] {
  const statements = statementsOf(file.text);
  const made = new Set(
    statements.flatMap(
      ({ text }) => /^create (?:unlogged )?table (?:if not exists )?(\w+)/.exec(text)?.[1] ?? [],
    ),
  );
  return statements.flatMap(({ text, line }) => {
    const where = `${file.path}:${line}`;
    const table = /^alter table (?:if exists )?(?:only )?(\w+)/.exec(text)?.[1];
    const isOwn = table !== undefined && made.has(table);
    return [
      ...rules
        .filter(({ found, ofTable }) => {
          const match = found.exec(text);
          return match !== null && !(ofTable === true && made.has(match[1] ?? ''));
        })
        .map(({ says }) => `${where}: ${says}`),
      ...(table === undefined || isOwn ? [] : [...text.matchAll(addedColumn)])
        .filter(([, , rest = '']) => /\bnot null\b/.test(rest) && !/\bdefault\b|\bgenerated\b/.test(rest))
        .map(
          ([, column]) =>
            `${where}: adds ${column ?? ''} without a value for the rows that the version before writes`,
        ),
    ];
  });
}

/**
 * Migrations that are not on the list and take something away, and entries of the list that need none. An entry's
 * reason says why no version that is still served meets it.
 */
export function contractFaults(
  migrations: readonly TextFile[],
  reasons: Readonly<Record<string, string>>,
): Fault[] {
  const listed = new Set(Object.keys(reasons));
  const faulty = migrations.map((file) => ({ at: file.path, faults: expandFaults(file) }));
  const present = new Map(faulty.map(({ at, faults }) => [at, faults.length]));
  return [
    ...faulty.filter(({ at }) => !listed.has(at)).flatMap(({ faults }) => faults),
    ...[...listed]
      .filter((at) => (present.get(at) ?? 0) === 0)
      .map((at) => `${at}: is on the list of contract migrations and takes nothing away`),
    ...Object.entries(reasons)
      .filter(([, reason]) => !/^[A-Z].{30,}\.$/.test(reason))
      .map(([at]) => `${at}: its reason is no sentence`),
  ];
}

type Statement = { text: string; line: number };

/** Statements in lower case with single spaces; comments, strings and the bodies of functions are left out. */
function statementsOf(text: string): Statement[] {
  const bare = text
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, blank)
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, blank)
    .replaceAll(/'(?:''|[^'])*'/g, blank);
  const statements: Statement[] = [];
  let from = 0;
  for (const part of bare.split(';')) {
    const words = part.trim().toLowerCase().replaceAll(/\s+/g, ' ');
    if (words !== '') statements.push({ text: words, line: lineOf(bare, from + part.search(/\S/)) });
    from += part.length + 1;
  }
  return statements;
}

function blank(found: string): string {
  return found.replaceAll(/[^\n]/g, ' ');
}
