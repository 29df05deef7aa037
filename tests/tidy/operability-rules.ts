/** What makes a process readable from outside: words for every setting, and one place that reads the environment. */
import { lineOf, type Fault, type TextFile } from './tree.ts';

export type SettingWords = { name: string; about: string };

export function settingFaults(described: readonly SettingWords[]): Fault[] {
  return described.flatMap(({ name, about }) => [
    ...(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(name) ? [] : [`${name}: a setting is written LIKE_THIS`]),
    ...(/^[A-Z].{9,}/.test(about) ? [] : [`${name}: does not say what it is for`]),
  ]);
}

/** Readers of the environment beside the wiring. */
export function environmentFaults(file: TextFile): Fault[] {
  return [...file.text.matchAll(/\bprocess\.env\b/g)].map(
    (match) => `${file.path}:${lineOf(file.text, match.index)}: reads the environment outside the wiring`,
  );
}
