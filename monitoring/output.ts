/** Everything in this folder that is made from TypeScript, and where such files lie. */
import { ruleFiles } from './alerts/rule-files.ts';
import { dashboardFiles } from './dashboards/dashboard-files.ts';

/** Text of each file by its path from the project's root. */
export function monitoringOutput(): Record<string, string> {
  return { ...dashboardFiles(), ...ruleFiles() };
}

/** Folders that hold nothing else than such files, with the ending of those. */
export const outputFolders: Readonly<Record<string, string>> = {
  'monitoring/dashboards/json': '.json',
  'monitoring/alerts': '.rules.yaml',
  'monitoring/alerts/tests': '.yaml',
  'monitoring/slo': '.rules.yaml',
};
