/** What a run has to reach, read from the objectives that the alerts are made of as well. Pure: k6 and Node read it. */

/** Of one kind of request; shares are between 0 and 1. */
export type Goal = {
  /** Answers that are not 5xx, of all attempts. */
  answeredShare: number;
  /** Answers that take at most `withinMs`. */
  quickShare: number;
  withinMs: number;
};
export const goalNames = ['reserve', 'confirm', 'browse'] as const;
export type GoalName = (typeof goalNames)[number];
export type Goals = Readonly<Record<GoalName, Goal>>;

/** Throws a sentence when `text`, of `file`, lacks one of the objectives. */
export function parseGoals(text: string, file: string): Goals {
  const parsed: unknown = JSON.parse(text);
  const objectives: unknown = isObject(parsed) && 'objectives' in parsed ? parsed.objectives : undefined;
  const listed: unknown[] = Array.isArray(objectives) ? objectives : [];
  const numberOf = (name: string, member: string): number => {
    const found = listed.find((one) => isObject(one) && Reflect.get(one, 'name') === name);
    const value: unknown = isObject(found) ? Reflect.get(found, member) : undefined;
    if (typeof value === 'number') return value;
    throw new Error(
      `${file} has no objective ${name} with a number ${member}: it is not the file of the objectives.`,
    );
  };
  const goalOf = (name: GoalName): Goal => ({
    answeredShare: numberOf(`${name}-availability`, 'target'),
    quickShare: numberOf(`${name}-latency`, 'target'),
    withinMs: numberOf(`${name}-latency`, 'within_ms'),
  });
  return { reserve: goalOf('reserve'), confirm: goalOf('confirm'), browse: goalOf('browse') };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
