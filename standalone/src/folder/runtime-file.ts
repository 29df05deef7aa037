/** `runtime.json`: what a running platform tells commands on the same machine; it holds secrets. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { ServiceName } from '../gateway/routes.ts';
import { replaceFile } from './data-folder.ts';

export type Runtime = {
  pid: number;
  gateway: { url: string };
  ports: Record<ServiceName | 'gateway' | 'metrics', number>;
  databases: Record<ServiceName, string>;
  postgres_pid: number;
  api_key: string;
  bootstrap_token: string;
  load_test: boolean;
};

/** Replaces the file; readable by its owner only. */
export async function writeRuntime(folder: string, runtime: Runtime): Promise<void> {
  await replaceFile(path.join(folder, 'runtime.json'), `${JSON.stringify(runtime, null, 2)}\n`);
}

export async function removeRuntime(folder: string): Promise<void> {
  await rm(path.join(folder, 'runtime.json'), { force: true });
}
