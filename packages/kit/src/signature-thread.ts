/** The thread that checks signatures beside the event loop; see `signatures.ts`. */
import { parentPort } from 'node:worker_threads';
import { areSigned, type Signed } from './signatures.ts';

export type Asked = { id: number; tokens: readonly Signed[] };
export type Told = { id: number; valid: readonly boolean[] };

parentPort?.on('message', ({ id, tokens }: Asked) => {
  const told: Told = { id, valid: areSigned(tokens) };
  parentPort?.postMessage(told);
});
