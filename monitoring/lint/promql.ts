/** Reads PromQL with Prometheus' own grammar: whether it is well-formed, and every selector with its matchers and what it stands in. */
import { parser } from '@prometheus-io/lezer-promql';

export type Matcher = { label: string; operator: string; value: string };

export type Selector = {
  metric: string;
  matchers: readonly Matcher[];
  /** The window of a range, `[...]`; null for an instant. */
  range: string | null;
  /** Functions and aggregations around it, the nearest first, in lower case. */
  within: readonly string[];
};

/** An aggregation `by` labels, with the metrics below it and the labels that functions below it make. */
export type Grouping = { labels: readonly string[]; made: readonly string[]; metrics: readonly string[] };

export type Reading = {
  faults: readonly string[];
  selectors: readonly Selector[];
  groupings: readonly Grouping[];
};

type Node = ReturnType<typeof parser.parse>['topNode'];
type TextOf = (node: Node | null) => string;

// A tree as deep as this is no expression of a person.
const maxDepth = 200;

/** Variables of Grafana must stand in strings, or be replaced before. */
export function readPromQl(expr: string): Reading {
  const faults: string[] = [];
  const selectors: Selector[] = [];
  const groupings: Grouping[] = [];
  const textOf: TextOf = (node) => (node === null ? '' : expr.slice(node.from, node.to));

  const visit = (node: Node, within: readonly string[], range: string | null, depth: number): void => {
    if (depth > maxDepth) throw new Error(`"${expr}" is nested deeper than ${maxDepth}`);
    if (node.type.isError) {
      faults.push(`cannot be read at "${expr.slice(node.from, node.from + 30)}"`);
      return;
    }
    if (node.name === 'VectorSelector') {
      const selector = selectorOf(node, textOf);
      selectors.push({ ...selector, range, within });
      faults.push(...matcherFaults(selector.matchers));
    }
    const grouping = groupingOf(node, textOf);
    if (grouping !== null) groupings.push(grouping);
    const around = nameOfCall(node, textOf);
    const inside = around === null ? within : [around, ...within];
    const window = node.name === 'MatrixSelector' ? textOf(node.lastChild) : null;
    for (const child of childrenOf(node)) visit(child, inside, window, depth + 1);
  };
  visit(parser.parse(expr).topNode, [], null, 0);
  return { faults, selectors, groupings };
}

function selectorOf(node: Node, textOf: TextOf): Omit<Selector, 'range' | 'within'> {
  const matchers = childrenOf(node.getChild('LabelMatchers')).flatMap((matcher) => {
    if (matcher.name !== 'UnquotedLabelMatcher') return [];
    return [
      {
        label: textOf(matcher.getChild('LabelName')),
        operator: textOf(matcher.getChild('MatchOp')),
        value: textOf(matcher.getChild('StringLiteral')).slice(1, -1),
      },
    ];
  });
  return { metric: textOf(node.getChild('Identifier')), matchers };
}

function groupingOf(node: Node, textOf: TextOf): Grouping | null {
  const modifier = node.name === 'AggregateExpr' ? node.getChild('AggregateModifier') : null;
  if (modifier === null || modifier.getChild('By') === null) return null;
  const labels = childrenOf(modifier.getChild('GroupingLabels')).map(textOf);
  const below = allBelow(node, 0);
  const selectors = below.filter(({ name }) => name === 'VectorSelector');
  return {
    labels,
    made: below
      .filter((one) => nameOfCall(one, textOf)?.startsWith('label_') === true)
      .map((one) => madeLabel(one, textOf)),
    metrics: selectors.map((one) => textOf(one.getChild('Identifier'))),
  };
}

/** The label that label_replace and label_join make: their second argument. */
function madeLabel(call: Node, textOf: TextOf): string {
  const argument = childrenOf(call.getChild('FunctionCallBody')).find(({ name }) => name === 'StringLiteral');
  return textOf(argument ?? null).slice(1, -1);
}

function allBelow(node: Node, depth: number): Node[] {
  if (depth > maxDepth) return [];
  return childrenOf(node).flatMap((child) => [child, ...allBelow(child, depth + 1)]);
}

function nameOfCall(node: Node, textOf: TextOf): string | null {
  if (node.name === 'FunctionCall') return textOf(node.getChild('FunctionIdentifier')).toLowerCase();
  if (node.name === 'AggregateExpr') return textOf(node.getChild('AggregateOp')).toLowerCase();
  return null;
}

/** Regular expressions of matchers; Prometheus' are of a kind that JavaScript reads too. */
function matcherFaults(matchers: readonly Matcher[]): string[] {
  return matchers
    .filter(({ operator, value }) => operator.includes('~') && !isRegExp(value))
    .map(({ label, value }) => `the matcher of ${label} is no regular expression: ${value}`);
}

function isRegExp(value: string): boolean {
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}

function childrenOf(node: Node | null): Node[] {
  const children: Node[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) children.push(child);
  return children;
}
