/** Events in buckets by the last byte of their id, with the sums by which two tables of them are compared. */
import type { Bucket } from '../engine/port.ts';

export type BucketRow = { bucket: number; documents: number; checksums: string; stock_versions: string };

/** Columns of a `BucketRow` over rows with `event_id`, `checksum` and `stock_version`, grouped by the first. */
export const bucketColumns = `get_byte(uuid_send(event_id), 15) as bucket, count(*)::int as documents,
                  sum(checksum) as checksums, sum(coalesce(stock_version, 0)) as stock_versions`;

/** The sums are of integers, and stay below what a double holds exactly. */
export function bucketOf(row: BucketRow): Bucket {
  const { bucket, documents, checksums, stock_versions: stockVersions } = row;
  return { bucket, documents, checksums: Number(checksums), stockVersions: Number(stockVersions) };
}
