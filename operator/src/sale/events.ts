/** Whom the Kubernetes Events of a sale are about. */
import { apiVersion, kind } from '../api/names.ts';
import type { ObjectReference } from '../kube/recorder.ts';

export function saleReference(sale: { namespace: string; name: string; uid: string }): ObjectReference {
  const { namespace, name, uid } = sale;
  return { apiVersion, kind, namespace, name, uid };
}
