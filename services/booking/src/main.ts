/** Starts the booking service's pod: serves, or what `runPod` says that its arguments mean. */
import { runPod } from '@evently/pod/run';
import { bookingPod } from './pod.ts';

await runPod(bookingPod, process.argv.slice(2), process.env);
