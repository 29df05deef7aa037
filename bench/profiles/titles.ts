/** What the designs are called in tables and plots. */
import type { StrategyName } from '../strategies/strategies.ts';

export const ownTitle = 'Evently';
export const strategyTitles: Readonly<Record<StrategyName, string>> = {
  'empty-handler': 'empty handler, no database',
  'optimistic-0-retries': 'optimistic version, no retries',
  'optimistic-50-retries': 'optimistic version, 50 retries',
  'select-for-update': 'select for update',
  'guarded-update': 'guarded update per request',
};
