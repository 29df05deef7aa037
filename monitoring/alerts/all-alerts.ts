/** Every alert that there is, by the file of rules that it stands in. */
import { burnRateAlerts } from '../slo/burn-rates.ts';
import { readObjectives, type Objectives } from '../slo/objectives.ts';
import type { Alert } from './alert.ts';
import { operatorAlerts } from './operator.ts';
import { platformAlerts } from './platform.ts';
import { saleAlerts } from './sale.ts';

/** The alerts by path, from the project's root. */
export function alertsByFile(objectives: Objectives = readObjectives()): Readonly<Record<string, Alert[]>> {
  return {
    'monitoring/alerts/sale.rules.yaml': saleAlerts(objectives),
    'monitoring/alerts/operator.rules.yaml': [...operatorAlerts],
    'monitoring/alerts/platform.rules.yaml': [...platformAlerts],
    'monitoring/slo/slo.rules.yaml': burnRateAlerts(objectives),
  };
}

export function allAlerts(objectives: Objectives = readObjectives()): Alert[] {
  return Object.values(alertsByFile(objectives)).flat();
}
