/** `make start`: the platform in this terminal, until Ctrl-C. */

const neededMajor = 26;
const [major] = process.versions.node.split('.');
if (Number(major) < neededMajor) {
  console.error(
    `Evently runs on Node ${neededMajor}, and this is ${process.versions.node}. Use "make start": it brings the right one.`,
  );
  process.exit(1);
}
// Loaded after the check, because an older Node cannot read what it imports.
const { runStandalone } = await import('./run-standalone.ts');
await runStandalone(process.env);
