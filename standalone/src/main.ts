/** `make start`, `make stop` and `make reset`: the platform in this terminal. */

const neededMajor = 26;
const [major] = process.versions.node.split('.');
if (Number(major) < neededMajor) {
  console.error(
    `Evently runs on Node ${neededMajor}, and this is ${process.versions.node}. Use "make start": it brings the right one.`,
  );
  process.exit(1);
}
// Loaded after the check, because an older Node cannot read what it imports.
const { runCommand } = await import('./run-command.ts');
await runCommand(process.argv[2] ?? 'start', {
  env: process.env,
  say: (text) => console.log(text),
  complain: (text) => console.error(text),
});
