import { randomBytes } from 'node:crypto'
import { fromSnapshot, toSnapshot } from '../collector/index.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/iso-time.ts'
import { type Secret, secret } from '../secrets/secret.ts'
import { audit } from '../server/index.ts'
import { hasCode, type Queryable, type Store } from '../store/index.ts'
import type { MailTarget } from './mail.ts'
import type { WebhookTarget } from './webhook.ts'

export type NewChannel = { name: string; digestSeconds?: number | undefined } & (
  | { kind: 'mail'; to: readonly string[]; from: string; smtpUrl: string }
  | {
      kind: 'webhook'
      url: string
      allowsPrivate: boolean
      /** It is told nothing but that a worker lives, every so many seconds. */
      heartbeatSeconds?: number | undefined
    }
)

/** Where operators are told. Times are ISO 8601. */
export interface ChannelView {
  name: string
  kind: 'mail' | 'webhook'
  /** Who or what is told; of a URL its origin, because the rest may be secret. */
  target: string
  allowsPrivate: boolean
  digestSeconds: number | null
  heartbeatSeconds: number | null
  createdBy: string
  createdAt: string
  /** The last thing that it was told. */
  last: { state: 'waiting' | 'sent' | 'failed'; at: string; error: string | null } | null
}

/** How a channel is reached. */
export type Target = ({ kind: 'mail' } & MailTarget) | ({ kind: 'webhook' } & WebhookTarget)

export interface ChannelRow {
  name: string
  kind: 'mail' | 'webhook'
  target: { shown: string; to?: string[]; from?: string; allowsPrivate?: boolean }
  secret: unknown
}

const MODEL = '#channel'
const UNIQUE = '23505'

/**
 * Answers what signs its messages, which nobody is shown again.
 * @throws OrchestraError ORC_CHANNEL_EXISTS, ORC_CHANNEL_INVALID
 */
export async function addChannel(
  store: Store,
  channel: NewChannel,
  by: string,
): Promise<{ signingSecret: string | null }> {
  const { name, kind, digestSeconds = null } = channel
  const signingSecret = kind === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null
  const { target, secrets } = partsOf(channel, signingSecret)
  const sealed = toSnapshot(secrets, store.keyring.for(MODEL, name))
  const heartbeat = kind === 'webhook' ? (channel.heartbeatSeconds ?? null) : null
  try {
    await store.transaction(async (tx) => {
      await tx.query(ADD, [
        name,
        kind,
        JSON.stringify(target),
        JSON.stringify(sealed),
        digestSeconds,
        heartbeat,
        by,
      ])
      await audit(tx, {
        by,
        action: 'channel.add',
        target: `channel ${name}`,
        detail: { kind, to: target.shown },
      })
    })
  } catch (error) {
    if (!hasCode(error, [UNIQUE])) throw error
    throw new OrchestraError('ORC_CHANNEL_EXISTS', `A channel ${name} is there already`, {
      hint: `Remove it first: \`orchestra channel remove ${name}\``,
    })
  }
  return { signingSecret }
}

function partsOf(
  channel: NewChannel,
  signingSecret: string | null,
): { target: ChannelRow['target']; secrets: Record<string, Secret> } {
  if (channel.kind === 'mail') {
    urlOf(channel.smtpUrl, ['smtp:', 'smtps:'])
    const { to, from } = channel
    return {
      target: { shown: to.join(', '), to: [...to], from },
      secrets: { smtpUrl: secret(channel.smtpUrl, 'channel.smtpUrl') },
    }
  }
  const { origin } = urlOf(channel.url, ['https:', 'http:'])
  return {
    target: { shown: origin, allowsPrivate: channel.allowsPrivate },
    secrets: {
      url: secret(channel.url, 'channel.url'),
      signingSecret: secret(signingSecret ?? '', 'channel.signingSecret'),
    },
  }
}

/** Nothing of it is repeated in the error: a part of it is secret. */
function urlOf(text: string, protocols: readonly string[]): URL {
  const url = URL.parse(text)
  if (url !== null && protocols.includes(url.protocol) && url.hostname !== '') return url
  throw new OrchestraError('ORC_CHANNEL_INVALID', `It is no URL with ${protocols.join(' or ')}`, {
    hint: 'Such as smtps://user:password@mail.example.org, or https://example.org/hook',
  })
}

/** @throws OrchestraError ORC_CHANNEL_UNKNOWN */
export function removeChannel(store: Store, name: string, by: string): Promise<void> {
  return store.transaction(async (tx) => {
    const removed = await tx.query('delete from orchestra.channel where name = $1 returning id', [name])
    if (removed.length === 0) throw unknownChannel(name)
    await audit(tx, { by, action: 'channel.remove', target: `channel ${name}` })
  })
}

export function listChannels(db: Queryable): Promise<ChannelView[]> {
  return db.query<ChannelView>(`${VIEW} order by c.name`)
}

/** @throws OrchestraError ORC_CHANNEL_UNKNOWN */
export async function showChannel(db: Queryable, name: string): Promise<ChannelView> {
  const [channel] = await db.query<ChannelView>(`${VIEW} where c.name = $1`, [name])
  if (channel === undefined) throw unknownChannel(name)
  return channel
}

/** @throws OrchestraError ORC_CHANNEL_UNKNOWN */
export async function readChannel(db: Queryable, name: string): Promise<ChannelRow> {
  const [row] = await db.query<ChannelRow>(
    'select name, kind, target, secret from orchestra.channel where name = $1',
    [name],
  )
  if (row === undefined) throw unknownChannel(name)
  return row
}

/** @throws OrchestraError ORC_KEY_WRONG */
export function targetOf({ keyring }: Pick<Store, 'keyring'>, row: ChannelRow): Target {
  const secrets = fromSnapshot(row.secret, keyring.for(MODEL, row.name)) as Record<string, Secret>
  const { to = [], from = '', allowsPrivate = false } = row.target
  if (row.kind === 'mail') return { kind: 'mail', to, from, smtpUrl: secrets.smtpUrl?.reveal() ?? '' }
  return {
    kind: 'webhook',
    url: secrets.url?.reveal() ?? '',
    signingSecret: secrets.signingSecret?.reveal() ?? '',
    allowsPrivate,
  }
}

export function unknownChannel(name: string): OrchestraError {
  return new OrchestraError('ORC_CHANNEL_UNKNOWN', `There is no channel ${name}`, {
    hint: '`orchestra channel list` lists them',
  })
}

const ADD = `
insert into orchestra.channel (name, kind, target, secret, digest_seconds, heartbeat_seconds, created_by)
values ($1, $2, $3, $4, $5, $6, $7)`

const VIEW = `
select c.name, c.kind, c.target ->> 'shown' as target, coalesce((c.target ->> 'allowsPrivate')::boolean, false) as "allowsPrivate",
  c.digest_seconds as "digestSeconds", c.heartbeat_seconds as "heartbeatSeconds", c.created_by as "createdBy",
  ${isoTime('c.created_at')} as "createdAt",
  case when c.beat_at is not null then json_build_object('state', case when c.beat_error is null then 'sent' else 'failed' end,
      'at', ${isoTime('c.beat_at')}, 'error', c.beat_error)
    when d.id is not null then json_build_object(
      'state', d.state, 'at', ${isoTime('coalesce(d.ended_at, d.created_at)')}, 'error', d.error) end as last
from orchestra.channel c
left join lateral (select * from orchestra.delivery where channel_id = c.id order by id desc limit 1) d on true`
