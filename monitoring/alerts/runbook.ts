/** The commands of a runbook, as a person would copy them. */

export type RunbookCommand = { about: string; text: string };

/** Those of the section "First three commands": a line each, with the comment above it. */
export function commandsOf(page: string): RunbookCommand[] {
  const section = /^## First three commands\n([\s\S]*?)(?=^## )/m.exec(page)?.[1] ?? '';
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const commands: RunbookCommand[] = [];
  let about = '';
  for (const line of block.split('\n').filter((one) => one !== '')) {
    if (line.startsWith('# ')) about = line.slice(2);
    else {
      commands.push({ about, text: line });
      about = '';
    }
  }
  return commands;
}
