/** Names that the operator and the cluster share: the kind, its finalizer, annotations, owners of fields. */

export const apiGroup = 'evently.dev';
export const apiVersionName = 'v1alpha1';
export const apiVersion = `${apiGroup}/${apiVersionName}`;
export const kind = 'EventSale';
export const plural = 'eventsales';
export const singular = 'eventsale';
export const shortName = 'evs';

/** Who owns what the operator applies: the floor of the pool, the status of a sale. */
export const fieldManager = 'evently-operator';
export const leaseName = 'evently-operator';
/** As events.k8s.io wants it: who reports. */
export const reportingController = 'evently.dev/operator';

/** Keeps a deleted sale until booking was told to close it, at most five minutes. */
export const finalizer = 'evently.dev/close-sale';

/** Annotations of a HorizontalPodAutoscaler, which the chart of booking sets. */
export const annotations = {
  baselineReplicas: 'evently.dev/baseline-replicas',
  perPod: 'evently.dev/reservations-per-second-per-pod',
  perEvent: 'evently.dev/reservations-per-second-per-event',
} as const;

export const annotationWords = [
  {
    name: annotations.baselineReplicas,
    example: '2',
    about: 'Pods outside every sale. Without it the floor of the pool is held where it is and never lowered.',
  },
  {
    name: annotations.perPod,
    example: '2500',
    about:
      'Reservations a second that one pod was measured to serve. Without it `spec.demand` cannot be turned into pods: set it, or use `spec.floor.replicas`.',
  },
  {
    name: annotations.perEvent,
    example: '15000',
    about:
      'Reservations a second that one event was measured to serve, however many pods there are. A demand above it is reported, because no number of pods can serve it.',
  },
] as const;
