/** Where a pod is in its life, as its probes tell it. Pure but for being changed. */

export type PodPhase = 'starting' | 'serving' | 'draining';

export type PodState = {
  phase: () => PodPhase;
  /** While it starts: what for, in words for a person. */
  waitsFor: () => string;
  wait: (what: string) => void;
  serve: () => void;
  drain: () => void;
};

export function createPodState(): PodState {
  let phase: PodPhase = 'starting';
  let waitsFor = 'its parts';
  return {
    phase: () => phase,
    waitsFor: () => waitsFor,
    wait: (what) => {
      waitsFor = what;
    },
    // A pod that was told to end while it started does not begin to serve.
    serve: () => {
      if (phase === 'starting') phase = 'serving';
    },
    drain: () => {
      phase = 'draining';
    },
  };
}
