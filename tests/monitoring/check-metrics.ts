/** What promtool has to say of the metrics of a process, as it answers them. */
import { ProgramFailed, runProgram } from '@evently/testkit/engines/run-program';

const callMs = 10_000;

/** A line for each complaint of `promtool check metrics`: names, units, words, the format itself. */
export async function checkMetrics(program: string, metricsUrl: string): Promise<readonly string[]> {
  const answer = await fetch(metricsUrl, { signal: AbortSignal.timeout(callMs) });
  return checkText(program, await answer.text());
}

export async function checkText(program: string, text: string): Promise<readonly string[]> {
  try {
    await runProgram(program, ['check', 'metrics'], { stdin: text });
    return [];
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    const said = `${error.stdout}\n${error.stderr}`.split('\n').filter((line) => line.trim() !== '');
    return said.length === 0 ? [error.message] : said;
  }
}
