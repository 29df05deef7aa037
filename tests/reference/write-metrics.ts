/** `make metrics-reference`: writes the page of all metrics. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { metricsPagePath, writeMetricsPage } from './metrics-page.ts';

await writeFile(path.join(import.meta.dirname, '..', '..', metricsPagePath), writeMetricsPage());
