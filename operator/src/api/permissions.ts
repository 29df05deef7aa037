/** Everything that the operator asks of the API server: its Role grants this and nothing else. */
import { apiGroup, leaseName, plural } from './names.ts';

export type Permission = {
  group: string;
  resource: string;
  verbs: readonly string[];
  resourceNames?: readonly string[];
  why: string;
};

export const permissions: readonly Permission[] = [
  { group: apiGroup, resource: plural, verbs: ['list', 'watch'], why: 'the sales' },
  { group: apiGroup, resource: plural, verbs: ['patch'], why: 'the finalizer' },
  { group: apiGroup, resource: `${plural}/status`, verbs: ['patch'], why: 'what was seen of them' },
  {
    group: 'autoscaling',
    resource: 'horizontalpodautoscalers',
    verbs: ['list', 'watch', 'patch'],
    why: 'the pools, and minReplicas of them',
  },
  { group: '', resource: 'pods', verbs: ['list', 'watch'], why: 'which pods are ready' },
  { group: 'apps', resource: 'deployments/scale', verbs: ['get'], why: 'which pods belong to a pool' },
  { group: 'apps', resource: 'statefulsets/scale', verbs: ['get'], why: 'which pods belong to a pool' },
  { group: 'events.k8s.io', resource: 'events', verbs: ['create', 'patch'], why: 'events for people' },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    resourceNames: [leaseName],
    why: 'who leads',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    // A create has no name yet when it is judged, so it cannot be narrowed.
    verbs: ['create'],
    why: 'the first leader makes the lease',
  },
];
