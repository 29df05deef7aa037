/** Starts the user service's pod: serves, or what `runPod` says that its arguments mean. */
import { runPod } from '@evently/pod/run';
import { userPod } from './pod.ts';

await runPod(userPod, process.argv.slice(2), process.env);
