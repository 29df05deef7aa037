/** The `evently` command: reads the arguments, runs one command, says in one sentence what went wrong. */
import { ConfigError } from '@evently/kit/config';
import { Command } from 'commander';
import { adminCommand } from './commands/admin.ts';
import { CommandError } from './command-error.ts';
import { casesCommand } from './commands/cases.ts';
import { clusterCommand } from './commands/cluster.ts';
import { configCommand } from './commands/config.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { drillCommand } from './commands/drill.ts';
import { logsCommand } from './commands/logs.ts';
import { psqlCommand } from './commands/psql.ts';
import { reportCommand } from './commands/report.ts';
import { redisCliCommand } from './commands/redis-cli.ts';
import { reindexCommand, searchCheckCommand } from './commands/search.ts';
import { seedCommand } from './commands/seed.ts';
import { verifyCommand } from './commands/verify.ts';

const program = new Command('evently')
  .description('Sells tickets when everyone comes at once: seed, drill and verify a running platform.')
  .showHelpAfterError('Add --help to see what this command takes.')
  .addCommand(seedCommand())
  .addCommand(drillCommand())
  .addCommand(verifyCommand())
  .addCommand(reportCommand())
  .addCommand(configCommand())
  .addCommand(adminCommand())
  .addCommand(deadLettersCommand())
  .addCommand(casesCommand())
  .addCommand(reindexCommand())
  .addCommand(searchCheckCommand())
  .addCommand(psqlCommand())
  .addCommand(redisCliCommand())
  .addCommand(logsCommand())
  .addCommand(clusterCommand());

try {
  await program.parseAsync(process.argv);
} catch (error) {
  const expected = error instanceof CommandError || error instanceof ConfigError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
