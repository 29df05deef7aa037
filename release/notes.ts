/** Release notes from the commits since the tag before: one line each, by area, with how to verify what is published. */
import { execFileSync } from 'node:child_process';

export type Commit = { hash: string; subject: string; body: string };

const maxCommits = 2_000;
const shortHash = 7;
// Between fields and between commits in what git prints; neither occurs in a message.
const fieldEnd = '\u001f';
const commitEnd = '\u001e';

/** Areas in order of what a person who upgrades reads first; others follow in order of their names. */
const firstAreas = [
  'upgrade',
  'security',
  'booking',
  'payment',
  'event',
  'search',
  'user',
  'operator',
  'charts',
  'images',
];

/**
 * Markdown. A body with a line "Upgrade: ..." is told at the top, for it asks something of the reader; commits of
 * dependencies are one line together.
 */
export function writeNotes(version: string, before: string | null, commits: readonly Commit[]): string {
  const asked = commits.flatMap(({ body }) =>
    [...body.matchAll(/^Upgrade: (.+)$/gm)].map(([, text = '']) => text),
  );
  const own = commits.filter(({ subject }) => areaOf(subject) !== 'deps');
  const updates = commits.length - own.length;
  const areas = Map.groupBy(own, ({ subject }) => areaOf(subject));
  const ordered = [...areas.keys()].toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en'));
  return [
    before === null ? `The first release.` : `Changes since ${before}.`,
    ...(asked.length > 0 ? ['## Before you upgrade', asked.map((text) => `- ${text}`).join('\n')] : []),
    'The order of an upgrade and the way back: `docs/upgrade.md`.',
    ...ordered.flatMap((area) => [`## ${area}`, (areas.get(area) ?? []).map(lineOf).join('\n')]),
    ...(updates > 0 ? ['## deps', `- ${updates} updates of dependencies`] : []),
    '## Verify what you install',
    [
      '```sh',
      `cosign verify ghcr.io/OWNER/evently/booking:${version} \\`,
      '  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\',
      '  --certificate-identity-regexp "^https://github.com/OWNER/"',
      `gh attestation verify oci://ghcr.io/OWNER/evently/booking:${version} --owner OWNER`,
      '```',
    ].join('\n'),
  ].join('\n\n');
}

function areaOf(subject: string): string {
  return /^([a-z0-9-]+)(?:, [a-z0-9-]+)*: /.exec(subject)?.[1] ?? 'other';
}

function rank(area: string): number {
  const at = firstAreas.indexOf(area);
  return at === -1 ? firstAreas.length : at;
}

function lineOf({ hash, subject }: Commit): string {
  return `- ${subject.replace(/^[^:]+: /, '')} (${hash.slice(0, shortHash)})`;
}

/** What `git log` printed in the form that `main` asks for. */
export function parseCommits(text: string): Commit[] {
  return text
    .split(commitEnd)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [hash = '', subject = '', body = ''] = entry.split(fieldEnd);
      return { hash, subject, body };
    });
}

/** The newest tag v* before `version` that is an ancestor; null for the first release. */
function tagBefore(version: string): string | null {
  const tags = git(['tag', '--list', 'v*', '--sort=-version:refname', '--merged', 'HEAD']).split('\n');
  return tags.find((tag) => tag !== '' && tag !== `v${version}`) ?? null;
}

function git(args: readonly string[]): string {
  return execFileSync('git', [...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

if (import.meta.main) {
  const version = process.argv[2] ?? '';
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
    process.stderr.write('Say which version: make release-notes VERSION=1.2.3\n');
    process.exitCode = 1;
  } else {
    const before = tagBefore(version);
    const range = before === null ? 'HEAD' : `${before}..HEAD`;
    const format = `--format=%H${fieldEnd}%s${fieldEnd}%b${commitEnd}`;
    const log = git(['log', '--no-merges', `--max-count=${maxCommits}`, format, range]);
    process.stdout.write(`${writeNotes(version, before, parseCommits(log))}\n`);
  }
}
