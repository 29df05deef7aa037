/** Files that are made from the resource's schema, and how to make them again. */
import { crdYaml } from './crd.ts';
import { referencePage } from './reference-page.ts';

export const regenerateCommand = 'make crd';

/** Paths from the root of the project, and what must stand there. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return { 'k8s/operator/crd.yaml': crdYaml(), 'docs/reference/eventsale.md': referencePage() };
}
