import type { Command } from 'commander'
import { firstLink } from '../access/index.ts'
import { storeOptions } from '../config/load.ts'
import { messageOf } from '../errors.ts'
import { type Answered, anybody, byCredentials, type Listening, listen, USUAL_PORT } from '../http/index.ts'
import { linkText } from '../operate/index.ts'
import { assertMigrated, openStore, type Store } from '../store/index.ts'
import { until } from './ages.ts'
import { type Act, portNumber, withExamples } from './command.ts'
import { type EventLog, errorFields, eventLog, logOption, tellAnswered } from './event-log.ts'
import type { Ending, Session } from './session.ts'
import { stopSignals } from './up-signals.ts'

interface ServeOptions {
  host: string
  port: number
  open?: true
  /** `text` or `json`. */
  log?: string
}

export function addServeCommand(program: Command, act: Act): void {
  const serve = program
    .command('serve')
    .description(
      'Offer the API over HTTP, without the encryption key and without ways to servers, until Ctrl-C',
    )
    .option('--host <address>', 'Where it listens; an address of the loopback', '127.0.0.1')
    .option('--port <port>', 'The port; 0 is any that is free', portNumber, USUAL_PORT)
    .option('--open', 'Ask for no token: whoever has an account on this machine may do everything')
    .option(...logOption)
    .action(act(serveCommand))
  withExamples(serve, 'serve', 'serve --port 8080', 'serve --log json')
}

async function serveCommand(
  session: Session,
  { open, log: form, ...address }: ServeOptions,
): Promise<Ending> {
  const log = eventLog(session, { log: form })
  const loaded = await session.config()
  const { ORCHESTRA_KEY: _, ...environment } = session.environment
  const { key: __, ...store } = loaded.config.store
  // Whatever opens the store in this process opens it so.
  const keyless = { ...loaded, config: { ...loaded.config, store: { ...store, keyless: true } } }
  const opened = await openStore(storeOptions(keyless, environment))
  try {
    await assertMigrated(opened)
    const api = await listen({
      ...address,
      authenticate: open ? anybody() : byCredentials(opened, keyless.config.http),
      store: opened,
      config: keyless.config,
      load: async () => keyless,
      environment,
      holds: 'store',
      onError: (error, requestId) => showTrouble(session, error, requestId, log),
      ...answering(log),
    })
    await untilStopped(session, api, { store: open ? undefined : opened, log })
  } finally {
    await opened.close()
  }
  return 'done'
}

/** What whoever asked is not told. */
export function showTrouble(
  { terminal }: Session,
  error: unknown,
  requestId: string,
  log: EventLog | undefined,
): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (log !== undefined)
    log.tell('error', { event: 'problem', requestId, ...errorFields(error) }, messageOf(error))
  else if (terminal.json) terminal.record({ event: 'problem', requestId, message: text })
  else terminal.note(`request ${requestId}: ${text}`)
}

/** A log has a line for each request. */
export function answering(log: EventLog | undefined) {
  return log === undefined ? {} : { onAnswered: (answered: Answered) => tellAnswered(log, answered) }
}

/** Says where the API is, in the way of the command, and once it is known, by whom nobody can come in. */
export function showAddress(
  { terminal }: Session,
  { url, unreachable }: Listening,
  log: EventLog | undefined,
): void {
  if (log !== undefined) log.tell('info', { event: 'listening', url: `${url}/api/v1` }, 'the API listens')
  else if (terminal.json) terminal.record({ event: 'listening', url: `${url}/api/v1` })
  else terminal.line(`the API is at ${url}/api/v1`)
  void unreachable().then((all) => {
    for (const { provider, error } of all) {
      const { code, message, hint = null } = error
      if (log !== undefined) log.tell('warn', { event: 'provider', provider, code }, message)
      else if (terminal.json) terminal.record({ event: 'provider', provider, error: { code, message, hint } })
      else terminal.note(`${message}. It is asked again when somebody wants to come in`)
    }
  })
}

/** While nobody may do everything, whoever starts it is let in: his terminal is told a link that is good once. */
export async function showFirstLink(session: Session, { url }: Listening, store: Store): Promise<void> {
  const link = await firstLink(store, { by: session.by })
  if (link === undefined) return
  const { http } = (await session.config()).config
  const { user, expiresAt } = link
  const shown = linkText(http.url ?? url, link.secret)
  const { terminal } = session
  if (terminal.json) terminal.record({ event: 'link', user, url: shown, expiresAt })
  else terminal.line(`nobody can log in yet; this lets ${user} in once, ${until(expiresAt)}: ${shown}`)
}

async function untilStopped(
  session: Session,
  api: Listening,
  { store, log }: { store: Store | undefined; log: EventLog | undefined },
): Promise<void> {
  const signals = stopSignals()
  try {
    showAddress(session, api, log)
    // A link lets somebody in, and a log is read by others.
    if (store !== undefined && log === undefined) await showFirstLink(session, api, store)
    await signals.first
    void signals.second.then(() => process.exit(1))
    await api.close()
  } finally {
    signals.close()
  }
}
