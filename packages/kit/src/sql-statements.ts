/** Cuts what a person types into SQL statements: at a semicolon that is in no text, name or comment. */

/** Statements that are complete, without their semicolon, and what has begun and waits for more. */
export type Cut = { statements: string[]; rest: string };

// What hides a semicolon: texts, quoted names, dollar quotes, comments. The last alternative is any other character.
const part =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|(['"]|\$\w*\$|\/\*)|;|[^]/g;

/**
 * A text, name or comment that is not closed hides everything behind it, so the rest waits for its end. Block comments
 * do not nest here, unlike in PostgreSQL.
 */
export function cutStatements(typed: string): Cut {
  const statements: string[] = [];
  let from = 0;
  for (const match of typed.matchAll(part)) {
    if (match[2] !== undefined) break;
    if (match[0] !== ';') continue;
    const statement = typed.slice(from, match.index).trim();
    if (statement !== '') statements.push(statement);
    from = match.index + 1;
  }
  return { statements, rest: typed.slice(from).trimStart() };
}
