/** A worker renews its sign of life every few seconds. */
export const WORKER_ALIVE = `seen_at > now() - interval '15 seconds'`
