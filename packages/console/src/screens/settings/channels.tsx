import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { asked, untold } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { ActButton } from '../../parts/button.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { given, namesIn } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { Section } from '../../parts/screen.tsx'
import { Secret } from '../../parts/secret.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, Problem, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Channel = AnswerOf<'GET /channels'>['items'][number]
type Delivery = AnswerOf<'GET /deliveries'>['items'][number]

const looks = { waiting: 'waiting', failed: 'failing', sent: 'ok' } as const satisfies Record<
  Delivery['state'],
  State
>

/** Who is told of incidents, and what was told. */
export function Channels() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/channels' })
  const navigate = useNavigate({ from: '/settings/channels' })
  const channels = useQuery({ ...asked('GET /channels', { limit: 200 }), ...untold })
  const deliveries = useQuery({ ...asked('GET /deliveries', { limit: 50, ...numbered(cursor) }), ...untold })
  const again = useAct('POST /deliveries/{delivery}/redeliver')
  return (
    <>
      <div className="line">
        <AddMail />
        <AddWebhook />
        <CopyMenu command="orchestra channel list" path="/channels" data={channels.data?.items} />
      </div>
      <View of={channels}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty text={own.noChannels} />
          ) : (
            <Table
              caption={own.channels}
              items={items}
              keyOf={({ name }) => name}
              columns={channelColumns(words)}
            />
          )
        }
      </View>
      <Section title={own.deliveries}>
        {again.error === null ? null : <Problem error={again.error} />}
        <List
          caption={own.deliveries}
          of={deliveries}
          columns={deliveryColumns(words, (delivery) => again.mutate({ delivery }))}
          keyOf={({ id }) => id}
          search={{ cursor }}
          onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
          empty={<Empty text={own.noDeliveries} />}
          hasFilter={false}
        />
      </Section>
    </>
  )
}

const digest = { name: 'digest', label: own.digest, kind: 'number' } as const

function AddMail() {
  return (
    <ActForm
      act="POST /channels"
      needs="channel"
      label={own.addMail}
      title={own.addMail}
      fields={[
        { name: 'channel', label: own.channel, isRequired: true, most: 100 },
        { name: 'to', label: own.mailTo, isRequired: true },
        { name: 'from', label: own.mailFrom, isRequired: true },
        { name: 'smtp', label: own.smtp, isRequired: true },
        digest,
      ]}
      input={({ channel = '', to, from = '', smtp = '', digest: seconds }) => ({
        channel,
        mail: { to: namesIn(to), from, smtp },
        ...given({ digest: seconds ? Number(seconds) : undefined }),
      })}
    />
  )
}

function AddWebhook() {
  return (
    <ActForm
      act="POST /channels"
      needs="channel"
      label={own.addWebhook}
      title={own.addWebhook}
      fields={[
        { name: 'channel', label: own.channel, isRequired: true, most: 100 },
        { name: 'url', label: own.url, isRequired: true },
        { name: 'allowPrivate', label: own.allowPrivate, kind: 'flag' },
        { name: 'heartbeat', label: own.heartbeat, kind: 'number' },
        digest,
      ]}
      input={({ channel = '', url = '', allowPrivate, heartbeat, digest: seconds }) => ({
        channel,
        webhook: {
          url,
          allowPrivate: allowPrivate === 'yes',
          ...given({ heartbeat: heartbeat ? Number(heartbeat) : undefined }),
        },
        ...given({ digest: seconds ? Number(seconds) : undefined }),
      })}
      result={({ signingSecret }) =>
        signingSecret === null ? null : (
          <>
            <p>{own.signing}</p>
            <Secret text={signingSecret} />
          </>
        )
      }
    />
  )
}

function channelColumns(words: Words): Column<Channel>[] {
  return [
    { name: own.channel, of: ({ name }) => name },
    { name: own.kind, of: ({ kind }) => own.kinds[kind] },
    { name: own.url, of: ({ target }) => target },
    {
      name: own.lastTold,
      of: ({ last }) =>
        last === null ? (
          own.never
        ) : (
          <>
            <StateMark state={looks[last.state]} text={own.deliveryStates[last.state]} />{' '}
            <Time at={last.at} /> {last.error}
          </>
        ),
    },
    {
      name: words.action,
      of: ({ name: channel }) => (
        <span className="line">
          <ActForm
            act="POST /channels/{channel}/test"
            needs="channel"
            label={own.test}
            title={`${channel}: ${own.test}`}
            help={own.testHelp}
            input={() => ({ channel })}
            result={({ error }) => <p>{error === null ? own.arrived : `${own.notArrived} ${error}`}</p>}
          />
          <ActForm
            act="DELETE /channels/{channel}"
            needs="channel"
            label={own.remove}
            title={`${channel}: ${own.remove}`}
            help={own.removeChannelHelp}
            input={() => ({ channel })}
          />
        </span>
      ),
    },
  ]
}

function deliveryColumns(words: Words, onAgain: (delivery: number) => void): Column<Delivery>[] {
  return [
    { name: own.channel, of: ({ channel }) => channel },
    {
      name: words.stateIs,
      of: ({ state, error }) => (
        <>
          <StateMark state={looks[state]} text={own.deliveryStates[state]} /> {error}
        </>
      ),
    },
    { name: own.kind, of: ({ message }) => message.type },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: words.action,
      of: ({ id, state }) =>
        state === 'waiting' ? null : (
          <ActButton needs="channel" onPress={() => onAgain(id)}>
            {own.again}
          </ActButton>
        ),
    },
  ]
}
