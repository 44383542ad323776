import type { Connection, ConnectionPool, Lease } from './connection-pool.ts'
import type { Job, ServerTarget } from './method.ts'
import { commandLine, endGroupCommand } from './remote-command.ts'

/** How long a process group may take to end once the server has taken the order; it insists after two seconds. */
export const endGroupPatience = 8000
/** How long a server may take to take that order. */
export const answerPatience = 2500
/** How long a new connection may take, where the script's own gives no answer. */
const reconnectPatience = 5000

/** Runs the order on a connection: whether the group is gone, null when there was no answer at all. */
export type OrderEnd<C extends Connection> = (connection: C, command: string) => Promise<boolean | null>

/** Ends a script's process group on its server: over its own connection, or over a new one if that is dead. */
export async function endRemoteGroup<C extends Connection>(
  pool: ConnectionPool<C>,
  lease: Lease<C>,
  orderEnd: OrderEnd<C>,
  target: ServerTarget,
  job: Job,
  group: number,
): Promise<boolean> {
  const command = commandLine(endGroupCommand(target, job.user, group))
  const asked = await orderEnd(lease.connection, command)
  if (asked !== null) return asked
  lease.retire()
  lease.connection.destroy()
  const fresh = await pool.lease(target, Math.min(job.timeouts.connect, reconnectPatience))
  if (fresh.kind !== 'leased') return false
  const gone = await orderEnd(fresh.connection, command)
  fresh.release()
  return gone === true
}
