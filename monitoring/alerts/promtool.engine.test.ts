/** The rules under promtool: they are rules, every alert fires when it has to and only then, and a broken bound is noticed. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import { readObjectives } from '../slo/objectives.ts';
import { ruleOf, usualBases, type Alert, type Comparison, type Condition } from './alert.ts';
import { allAlerts, alertsByFile } from './all-alerts.ts';
import { casesFolder, caseSets, promtoolFile } from './case-files.ts';
import { checkGroups, judge, playCases, requirePromtool } from './promtool.ts';
import { ruleFileGroups } from './rule-files.ts';

const root = path.join(import.meta.dirname, '../..');
const ruleFiles = ['monitoring/alerts/*.rules.yaml', 'monitoring/slo/*.rules.yaml'].flatMap((one) =>
  globSync(one, { cwd: root }),
);
const caseFiles = globSync(`${casesFolder}/*.yaml`, { cwd: root }).toSorted();
const alerts = allAlerts();

const program = ({ skip }: TestContext): Promise<string> => requirePromtool(skip);

test('every file of rules is one, and every rule has a name of its own', async (context) => {
  expect(ruleFiles.length).toBe(4);
  const verdict = await judge(await program(context), ['check', 'rules', '--lint-fatal', ...ruleFiles], root);
  expect(verdict).toMatchObject({ passes: true });
});

test.for(caseFiles)('the cases of %s', async (file, context) => {
  const verdict = await judge(await program(context), ['test', 'rules', file], root);
  expect(verdict).toMatchObject({ passes: true });
});

test('control: rules that are none are refused', async (context) => {
  const groups = [{ name: 'x', interval: '15s', rules: [{ record: 'x', expr: 'rate(up[1m]' }] }];
  const verdict = await checkGroups(await program(context), groups);
  expect(verdict).toMatchObject({ passes: false, says: expect.stringContaining('parse error') });
});

const turned: Readonly<Record<Comparison, Comparison>> = {
  '>': '<',
  '<': '>',
  '>=': '<',
  '<=': '>',
  '==': '!=',
  '!=': '==',
};

/** The alert with one thing changed at a time: a comparison, whether a condition must be so, how long it waits and stays. */
function brokenWays(alert: Alert): { how: string; broken: Alert }[] {
  const withCondition = (at: number, condition: Condition): Alert => ({
    ...alert,
    conditions: alert.conditions.map((one, index) => (index === at ? condition : one)),
  });
  const { for: waits, keepFiringFor: stays, ...hasty } = alert;
  const impatient =
    waits === undefined
      ? []
      : [
          {
            how: `for ${waits}`,
            broken: { ...hasty, ...(stays === undefined ? {} : { keepFiringFor: stays }) },
          },
        ];
  const forgetful =
    stays === undefined
      ? []
      : [
          {
            how: `keep firing for ${stays}`,
            broken: { ...hasty, ...(waits === undefined ? {} : { for: waits }) },
          },
        ];
  return [
    ...impatient,
    ...forgetful,
    ...alert.conditions.flatMap((condition, at) => [
      ...(condition.is ?? []).map(([how, bound], place) => ({
        how: `${how} ${bound}`,
        broken: withCondition(at, {
          ...condition,
          is: (condition.is ?? []).map((one, index) =>
            index === place ? ([turned[how], bound] as const) : one,
          ),
        }),
      })),
      ...(condition.join === 'unless'
        ? [{ how: 'unless', broken: withCondition(at, { ...condition, join: 'and' }) }]
        : []),
    ]),
  ];
}

const written = Object.entries(alertsByFile())
  .filter(([file]) => !file.startsWith('monitoring/slo/'))
  .flatMap(([file, ofFile]) => ofFile.map((alert) => ({ file, alert, name: alert.name })));

test.for(written)(
  'control: $name with any of its bounds and times changed fails its cases',
  async ({ file, alert }, context) => {
    const tool = await program(context);
    const set = Object.values(caseSets()).find(({ rules }) => rules === file);
    if (set === undefined) throw new Error(`${file} has no cases`);
    const cases = promtoolFile(
      { ...set, cases: set.cases.filter((one) => one.alert === alert.name) },
      '',
      alerts,
    );
    const ways = brokenWays(alert);
    expect(ways.length).toBeGreaterThan(0);
    const unnoticed: string[] = [];
    for (const { how, broken } of ways) {
      const group = { name: 'broken', interval: '15s', rules: [ruleOf(broken, usualBases)] };
      const { passes } = await playCases(tool, [group], cases);
      if (passes) unnoticed.push(how);
    }
    expect(unnoticed).toEqual([]);
  },
);

/** The rules with other objectives, under the cases of the true ones. */
test('control: a burn rate with ten times its bound, or without a least number of requests, fails its cases', async (context) => {
  const tool = await program(context);
  const objectives = readObjectives();
  const [first] = objectives.objectives;
  const [rate] = objectives.burn_rates;
  const set = Object.values(caseSets()).find(({ rules }) => rules.startsWith('monitoring/slo/'));
  if (first === undefined || rate === undefined || set === undefined)
    throw new Error('there are no burn rates');
  const cases = promtoolFile(
    { ...set, values: [], cases: set.cases.filter(({ says }) => says.startsWith(`${first.name},`)) },
    '',
    alerts,
  );
  const groupsWith = (other: Partial<typeof rate>) =>
    ruleFileGroups({
      ...objectives,
      objectives: objectives.objectives.filter((one) => one.name.startsWith('reserve')),
      burn_rates: [{ ...rate, ...other }],
    })
      .filter(({ path: at }) => at.startsWith('monitoring/slo/'))
      .flatMap(({ groups }) => groups);
  expect(await playCases(tool, groupsWith({}), cases)).toMatchObject({ passes: true });
  expect(await playCases(tool, groupsWith({ factor: rate.factor * 10 }), cases)).toMatchObject({
    passes: false,
  });
  expect(await playCases(tool, groupsWith({ minimum_requests: 1 }), cases)).toMatchObject({ passes: false });
});
