/** Starts the payment service's pod: serves, or what `runPod` says that its arguments mean. */
import { runPod } from '@evently/pod/run';
import { paymentPod } from './pod.ts';

await runPod(paymentPod, process.argv.slice(2), process.env);
