/** How a process tells what it has warm for a sale. */
import { z } from 'zod';

export const warmRequest = z.strictObject({ event_id: z.uuid().toLowerCase() });

/** One part; `error` says why it failed, `warmed_at` when a part that is remembered was warmed. */
export const warmTask = z.object({
  task: z.string(),
  result: z.enum(['warm', 'failed']),
  items: z.int(),
  seconds: z.number(),
  error: z.string().optional(),
  warmed_at: z.iso.datetime().optional(),
});

export const warmAnswer = z.object({ warm: z.array(warmTask) });
