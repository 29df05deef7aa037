/** Settings of a process: declared once with unit and default, read once, all faults listed together. */
import { z } from 'zod';

/** One setting. The schema parses the text of the environment variable; `fallback` is text as well. */
export type Setting<T> = {
  schema: z.ZodType<T, string>;
  fallback?: string;
  unit?: string;
  about: string;
  secret?: boolean;
};
// The member type of a record of settings of different types; only its schema's output is ever read.
export type Settings = Record<string, Setting<unknown>>;
export type SettingValues<S extends Settings> = { [K in keyof S]: z.output<S[K]['schema']> };

/** Thrown by `readSettings`; `faults` holds one sentence per wrong or missing variable. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault(s):\n${faults.map((f) => `  - ${f}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export function setting<T>(schema: z.ZodType<T, string>, options: Omit<Setting<T>, 'schema'>): Setting<T> {
  return { schema, ...options };
}

/** A whole number in [min, max], written in decimal digits. */
export function integer(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`);
}

/** `1`/`true` or `0`/`false`. */
export function flag(): z.ZodType<boolean, string> {
  return z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');
}

/** Comma-separated words; an empty text is an empty list. */
export function list(): z.ZodType<string[], string> {
  return z.string().transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );
}

const maxOrigins = 50;

/** Web origins such as `https://tickets.example`, comma-separated. */
export function origins(): z.ZodType<string[], string> {
  const origin = z
    .string()
    .refine(
      (text) => URL.canParse(text) && new URL(text).origin === text,
      'must list origins such as http://localhost:5173',
    );
  return list().pipe(z.array(origin).max(maxOrigins));
}

/**
 * Reads every setting of `settings` from `env`. Throws `ConfigError` naming all faults at once;
 * the value of a secret never appears in it.
 */
export function readSettings<S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): SettingValues<S> {
  const faults: string[] = [];
  const entries = Object.entries(settings).map(([name, declared]) => {
    const text = env[name] === undefined || env[name] === '' ? declared.fallback : env[name];
    if (text === undefined) {
      faults.push(`${name} is not set: ${declared.about}`);
      return [name, undefined];
    }
    const parsed = declared.schema.safeParse(text);
    if (!parsed.success) {
      const shown = declared.secret === true ? 'its value' : `"${text}"`;
      faults.push(`${name}: ${shown} ${parsed.error.issues.map((issue) => issue.message).join(', ')}`);
    }
    return [name, parsed.data];
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return z.custom<SettingValues<S>>().parse(Object.fromEntries(entries));
}

export type SettingDescription = {
  name: string;
  value: string;
  fallback: string;
  unit: string;
  about: string;
};

/** One row per setting for people; secrets show only whether they are set. */
export function describeSettings(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): SettingDescription[] {
  return Object.entries(settings).map(([name, declared]) => {
    const present = env[name];
    const value = present === undefined || present === '' ? (declared.fallback ?? '') : present;
    return {
      name,
      value: declared.secret === true ? (value === '' ? '(not set)' : '(set, hidden)') : value,
      fallback: declared.secret === true ? '' : (declared.fallback ?? '(required)'),
      unit: declared.unit ?? '',
      about: declared.about,
    };
  });
}
