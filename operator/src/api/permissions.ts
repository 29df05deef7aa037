/** Everything that the operator asks of the API server: its three sets of rules grant this and nothing else. */
import { apiGroup, leaseName, plural } from './names.ts';

/**
 * Where it is granted: `sales` by a Role in the namespace of the sales, `lease` by one in the operator's own, and `cluster`
 * by a ClusterRole, because it is needed after the namespace of the sales has lost its Roles.
 */
export type PermissionScope = 'sales' | 'lease' | 'cluster';

export type Permission = {
  scope: PermissionScope;
  group: string;
  resource: string;
  verbs: readonly string[];
  resourceNames?: readonly string[];
  why: string;
};

export const permissions: readonly Permission[] = [
  { scope: 'cluster', group: apiGroup, resource: plural, verbs: ['list', 'watch'], why: 'the sales' },
  { scope: 'cluster', group: apiGroup, resource: plural, verbs: ['patch'], why: 'the finalizer' },
  {
    scope: 'sales',
    group: apiGroup,
    resource: `${plural}/status`,
    verbs: ['patch'],
    why: 'what was seen of them',
  },
  {
    scope: 'sales',
    group: 'autoscaling',
    resource: 'horizontalpodautoscalers',
    verbs: ['list', 'watch', 'patch'],
    why: 'the pools, and minReplicas of them',
  },
  { scope: 'sales', group: '', resource: 'pods', verbs: ['list', 'watch'], why: 'which pods are ready' },
  {
    scope: 'sales',
    group: 'apps',
    resource: 'deployments/scale',
    verbs: ['get'],
    why: 'which pods belong to a pool',
  },
  {
    scope: 'sales',
    group: 'apps',
    resource: 'statefulsets/scale',
    verbs: ['get'],
    why: 'which pods belong to a pool',
  },
  {
    scope: 'sales',
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create', 'patch'],
    why: 'events for people',
  },
  {
    scope: 'lease',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    resourceNames: [leaseName],
    why: 'who leads',
  },
  {
    scope: 'lease',
    group: 'coordination.k8s.io',
    resource: 'leases',
    // A create has no name yet when it is judged, so it cannot be narrowed.
    verbs: ['create'],
    why: 'the first leader makes the lease',
  },
];

/** `verb group/resource name`, one line for each thing that is allowed in one of `scopes`. */
export function grantsOf(scopes: readonly PermissionScope[]): string[] {
  return permissions
    .filter(({ scope }) => scopes.includes(scope))
    .flatMap(({ group, resource, verbs, resourceNames = ['*'] }) =>
      verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
    )
    .toSorted();
}
