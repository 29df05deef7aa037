/** What a venue's drawing may be: any JSON object that is neither deep nor large. Pure. */

const maxDepth = 32;
const maxValues = 20_000;
const maxLayoutCharacters = 32_768;

/**
 * A sentence about what is wrong with the drawing, or null. Looks without recursion, because a deep value
 * would exhaust the stack of whoever writes it out.
 */
export function layoutFault(layout: object): string | null {
  const open: { value: object; depth: number }[] = [{ value: layout, depth: 1 }];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > maxDepth) return `must not be deeper than ${maxDepth} levels`;
    const children: unknown[] = Object.values(next.value);
    for (const child of children) {
      seen += 1;
      if (seen > maxValues) return `must not hold more than ${maxValues} values`;
      if (typeof child === 'object' && child !== null) open.push({ value: child, depth: next.depth + 1 });
    }
  }
  return JSON.stringify(layout).length > maxLayoutCharacters
    ? `must not be longer than ${maxLayoutCharacters} characters`
    : null;
}
