/** `make settings`: writes the page of all settings. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pagePath, writeSettingsPage } from './settings-page.ts';

await writeFile(path.join(import.meta.dirname, '..', '..', pagePath), writeSettingsPage());
