import { auditHead } from '../audit/index.ts'
import type { Store } from '../store/index.ts'
import { type ChannelRow, type Target, targetOf } from './channel.ts'
import { failureText, sendMessage } from './send.ts'

interface Beat extends ChannelRow {
  id: number
  beat: string
}

/** Dead man's switches that are to be told by now, each once. */
export function dueBeats(store: Store): Promise<Beat[]> {
  return store.query<Beat>(TAKE)
}

/**
 * Says at the other end of a dead man's switch that a worker lives and reaches the store. It is not tried again: that it does not come
 * is what the other end waits for.
 */
export async function beatOne(store: Store, channel: Beat): Promise<void> {
  let target: Target | undefined
  try {
    target = targetOf(store, channel)
    const [{ open = 0 } = {}] = await store.query<{ open: number }>(
      `select count(*) as open from orchestra.incident where state = 'open'`,
    )
    const { text } = await auditHead(store)
    await sendMessage(target, `heartbeat-${channel.id}-${channel.beat}`, {
      type: 'heartbeat',
      timestamp: new Date().toISOString(),
      data: { openIncidents: open, auditHead: text },
    })
    await store.query('update orchestra.channel set beat_error = null where id = $1', [channel.id])
  } catch (error) {
    const text = failureText(error, target)
    await store.query('update orchestra.channel set beat_error = $2 where id = $1', [channel.id, text])
  }
}

const TAKE = `
update orchestra.channel set beat_at = now()
where heartbeat_seconds is not null and (beat_at is null or beat_at <= now() - heartbeat_seconds * interval '1 second')
returning id, name, kind, target, secret, extract(epoch from beat_at)::bigint::text as beat`
