/** Starts the search service's pod: serves, or what `runPod` says that its arguments mean. */
import { runPod } from '@evently/pod/run';
import { searchPod } from './pod.ts';

await runPod(searchPod, process.argv.slice(2), process.env);
