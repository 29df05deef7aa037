/** Starts the event service's pod: serves, or what `runPod` says that its arguments mean. */
import { runPod } from '@evently/pod/run';
import { eventPod } from './pod.ts';

await runPod(eventPod, process.argv.slice(2), process.env);
