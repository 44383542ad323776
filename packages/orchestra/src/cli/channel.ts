import type { Command } from 'commander'
import type { ChannelView, DeliveryView } from '../notify/index.ts'
import {
  channelAdd,
  channelList,
  channelRemove,
  channelShow,
  channelTest,
  deliveryList,
  deliveryRepeat,
} from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, severalTimes, span, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface AddOptions {
  mail?: string[]
  from?: string
  smtp?: string
  webhook?: string
  allowPrivate?: boolean
  heartbeat?: number
  digest?: number
}

export function addChannelCommands(program: Command, act: Act): void {
  const channel = withExamples(
    program.command('channel').description('Who is told of incidents: by mail, or by a webhook'),
    'channel list',
  )
  const list = channel
    .command('list')
    .description('All of them, and what was told last')
    .action(act(listCommand))
  withExamples(list, 'channel list', 'channel list --json')
  const show = channel
    .command('show <name>')
    .description('One of them, and what it was told last')
    .action(act(showCommand))
  withExamples(show, 'channel show ops')
  const add = channel
    .command('add <name>')
    .description('Tell somebody of incidents')
    .option('--mail <address>', 'To this address; may be given several times', severalTimes)
    .option('--from <address>', 'The sender of the mails; default the first address')
    .option('--smtp <url>', 'By this server: smtps://user:password@host; default ORCHESTRA_SMTP_URL')
    .option('--webhook <url>', 'To this URL, signed as Standard Webhooks have it')
    .option('--allow-private', 'The webhook may be on this machine or in a private network')
    .option('--heartbeat <time>', 'Tell the webhook nothing but that a worker lives, every 60s', span)
    .option('--digest <time>', 'Tell at once what happens within this time: 1h, 1d', span)
    .action(act(addCommand))
  withExamples(
    add,
    'channel add night --webhook https://alerts.example.org/orchestra',
    'channel add ops --mail ops@example.org --smtp smtp://127.0.0.1 --digest 1h',
    'channel add alive --webhook https://hc.example.org/ping/4711 --heartbeat 60s',
  )
  const test = channel
    .command('test <name>')
    .description('Send a message of no meaning; exit code 2 when it does not arrive')
    .action(act(testCommand))
  withExamples(test, 'channel test ops')
  const remove = channel
    .command('remove <name>')
    .description('Tell nobody any more by it, and forget what it was told')
    .action(act(removeCommand))
  withExamples(remove, 'channel remove ops')
  const deliveries = channel
    .command('deliveries [name]')
    .description('What channels were told, and what they are to be, the newest first')
    .option('--before <delivery>', 'Older than this one', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(deliveriesCommand))
  withExamples(deliveries, 'channel deliveries', 'channel deliveries ops --json')
  const redeliver = channel
    .command('redeliver <delivery>')
    .description('Send once more what was sent or given up')
    .action(act(redeliverCommand))
  withExamples(redeliver, 'channel redeliver 12')
}

async function showCommand(session: Session, channel: string): Promise<Ending> {
  const { terminal } = session
  const shown = await session.run(channelShow, { channel })
  terminal.tell(shown, ...table(columns, [shown], terminal.width))
  return 'done'
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const channels = await session.run(channelList, {})
  terminal.tell(channels, ...table(columns, channels, terminal.width))
  if (channels.length === 0) terminal.note('nobody is told: orchestra channel add')
  return 'done'
}

async function addCommand(session: Session, channel: string, options: AddOptions): Promise<Ending> {
  const { mail: to, webhook: url, digest, heartbeat, allowPrivate = false } = options
  const smtp = options.smtp ?? session.environment?.ORCHESTRA_SMTP_URL ?? 'smtp://127.0.0.1'
  const added = await session.run(channelAdd, {
    channel,
    digest,
    mail: to === undefined ? undefined : { to, from: options.from ?? to[0] ?? '', smtp },
    webhook: url === undefined ? undefined : { url, allowPrivate, heartbeat },
  })
  const { terminal } = session
  terminal.tell(added, `channel ${channel} is told of incidents; try it: orchestra channel test ${channel}`)
  if (!terminal.json && added.signingSecret !== null)
    terminal.line(`its messages are signed with ${added.signingSecret}, which is not shown again`)
  return 'done'
}

async function testCommand(session: Session, channel: string): Promise<Ending> {
  const tested = await session.run(channelTest, { channel })
  session.terminal.tell(tested, tested.error === null ? 'it arrived' : `it did not arrive: ${tested.error}`)
  return tested.error === null ? 'done' : 'unfinished'
}

async function removeCommand(session: Session, channel: string): Promise<Ending> {
  session.terminal.tell(await session.run(channelRemove, { channel }), `channel ${channel} is removed`)
  return 'done'
}

async function deliveriesCommand(
  session: Session,
  channel: string | undefined,
  page: { before?: number; limit: number },
): Promise<Ending> {
  const { terminal } = session
  const deliveries = await session.run(deliveryList, { channel, ...page })
  terminal.tell(deliveries, ...table(deliveryColumns, deliveries, terminal.width))
  if (deliveries.length === 0) terminal.note('nobody was told anything')
  return 'done'
}

async function redeliverCommand(session: Session, delivery: string): Promise<Ending> {
  const again = await session.run(deliveryRepeat, { delivery: wholeNumber(1)(delivery) })
  session.terminal.tell(again, `${again.channel} is told delivery ${again.id} again by the next worker`)
  return 'done'
}

const columns: Column<ChannelView>[] = [
  { title: 'CHANNEL', value: ({ name }) => name },
  { title: 'KIND', value: ({ kind, heartbeatSeconds }) => (heartbeatSeconds === null ? kind : 'heartbeat') },
  { title: 'TO', value: ({ target }) => target },
  {
    title: 'EVERY',
    value: ({ digestSeconds, heartbeatSeconds }) => everyText(digestSeconds ?? heartbeatSeconds),
  },
  { title: 'LAST', value: ({ last }) => (last === null ? null : `${last.state}, ${age(last.at)} ago`) },
  { title: 'ERROR', value: ({ last }) => last?.error ?? null },
]

function everyText(seconds: number | null): string | null {
  return seconds === null ? null : `${seconds}s`
}

const deliveryColumns: Column<DeliveryView>[] = [
  { title: 'DELIVERY', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ createdAt }) => age(createdAt), align: 'right' },
  { title: 'CHANNEL', value: ({ channel }) => channel },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'TRIES', value: ({ attempt }) => attempt, align: 'right' },
  { title: 'NEXT', value: ({ nextTry }) => nextTry },
  { title: 'ERROR', value: ({ error }) => error },
]
