/** `make skaffold`: builds Skaffold with Go, once, into `.engines`. */
import { obtainEngine } from './engine.ts';
import { skaffold } from './skaffold.ts';

if (import.meta.main) {
  const found = await obtainEngine(skaffold, (sentence) => void process.stdout.write(`${sentence}\n`));
  process.stdout.write(
    found.kind === 'found' ? `skaffold ${found.version}: ${found.program}\n` : `${found.reason}\n`,
  );
  if (found.kind === 'missing') process.exitCode = 1;
}
