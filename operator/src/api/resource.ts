/** Where EventSales are in the Kubernetes API. */
import type { Resource } from '../kube/resource.ts';
import { apiGroup, apiVersionName, kind, plural } from './names.ts';

export const eventSales: Resource = {
  group: apiGroup,
  version: apiVersionName,
  plural,
  kind,
  namespaced: true,
};
