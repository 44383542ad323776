import type { Command } from 'commander'
import { heal } from '../capture/index.ts'
import { storeOptions } from '../config/load.ts'
import { isOrchestraError } from '../errors.ts'
import { byCredentials, type Listening, listen, USUAL_PORT } from '../http/index.ts'
import { sealCanary } from '../key/index.ts'
import { Manager } from '../manager/index.ts'
import { askFor, eventFollow, requestsBy } from '../operate/index.ts'
import { assertMigrated, migrate, openStore, type Store, type StoreOptions } from '../store/index.ts'
import { captureTables } from './capture-tables.ts'
import { type Act, portNumber, wholeNumber, withExamples } from './command.ts'
import { type EventLog, eventLog, logOption } from './event-log.ts'
import { LiveView } from './live.ts'
import { answering, showAddress, showFirstLink, showTrouble } from './serve.ts'
import type { Ending, Session } from './session.ts'
import { lockUp, ownedElsewhere, ownsDatabase } from './up-lock.ts'
import { UpReport } from './up-report.ts'
import { stopSignals } from './up-signals.ts'

export interface UpOptions {
  quiet?: boolean
  migrateOnly?: boolean
  port?: number
  /** The port of the API; true is the usual one, false none. */
  http?: number | boolean
  grace: number
  /** `text` or `json`. */
  log?: string
}

/** Milliseconds between looks for tables that do not exist yet. */
const AWAIT_TABLES = 2_000
/** Milliseconds that another command may take to give the embedded database back. */
const OWNER_PATIENCE = 5_000

export function addUpCommand(program: Command, act: Act): void {
  const up = program
    .command('up')
    .description('Migrate the store, capture the tables and run the worker, until Ctrl-C')
    .option('--migrate-only', 'Migrate and capture, then end')
    .option(
      '--port <port>',
      'Offer the embedded database to psql and others on this loopback port; 0 is any that is free',
      portNumber,
    )
    .option(
      '--http [port]',
      `Offer the API on this loopback port, default ${USUAL_PORT}; 0 is any that is free. With the embedded database it is offered anyway`,
      portNumber,
    )
    .option('--no-http', 'Offer no API')
    .option('--grace <seconds>', 'How long running scripts may take to end at a stop', wholeNumber(0), 30)
    .option('--quiet', 'Print errors only')
    .option(...logOption)
    .action(act(upCommand))
  withExamples(
    up,
    'up',
    'up --port 5544',
    'up --http',
    'up --no-http',
    'up --json | jq .',
    'up --log json',
    'up --migrate-only',
  )
}

async function upCommand(session: Session, options: UpOptions): Promise<Ending> {
  const events = eventLog(session, options)
  const place = storeOptions(await session.config(), session.environment)
  const embedded = place.databaseUrl ? undefined : place.directory
  if (embedded === undefined && options.port !== undefined)
    session.terminal.note(
      '--port is for the embedded database: the one of DATABASE_URL has an address of its own',
    )
  const lock = embedded === undefined ? undefined : lockUp(embedded)
  try {
    const store = await openOwnStore({ ...place, port: options.port }, embedded)
    await runUp(session, store, { ...options, events, isEmbedded: embedded !== undefined }).finally(() =>
      store.close(),
    )
    return 'done'
  } finally {
    lock?.release()
  }
}

/** The worker must not depend on a command that ends before it: it takes the embedded database itself. */
async function openOwnStore(place: StoreOptions, directory: string | undefined): Promise<Store> {
  const deadline = Date.now() + OWNER_PATIENCE
  for (;;) {
    const store = await openStore(place)
    if (directory === undefined || ownsDatabase(directory)) return store
    await store.close()
    if (Date.now() > deadline) throw ownedElsewhere(directory)
    await new Promise((wake) => setTimeout(wake, 100))
  }
}

interface Running extends UpOptions {
  isEmbedded: boolean
  events: EventLog | undefined
}

async function runUp(session: Session, store: Store, options: Running): Promise<void> {
  const { config, path } = await session.config()
  const { events: log } = options
  const report = new UpReport(session.terminal, { quiet: options.quiet === true, log })
  report.healed(await heal(store))
  report.migrated(await migrate(store))
  await sealCanary(store)
  const first = await captureTables(store, config)
  report.captured(first)
  if (options.migrateOnly === true) return
  let awaits = first.awaited.length > 0
  const capture = async () => {
    report.healed(await heal(store))
    await assertMigrated(store)
    const captured = await captureTables(store, config)
    awaits = captured.awaited.length > 0
    report.capturedAgain(captured)
  }
  const onError = (error: unknown) => report.problem(error)
  const manager = new Manager({
    store,
    config,
    onError,
    checkCapture: capture,
    doRequest: requestsBy({ store, config, environment: session.environment, onError }),
  })
  const view = new LiveView(
    (after, signal) => askFor({ store, config, signal }, eventFollow, { after }),
    (events) => report.events(events),
  )
  await view.open()
  const timer = setInterval(
    () => void (awaits && capture().catch((error) => report.problem(error))),
    AWAIT_TABLES,
  )
  const signals = stopSignals()
  let api: Listening | undefined
  try {
    // A port that cannot be had is told before any work begins.
    api = await offerApi(session, store, options)
    await manager.start()
    report.ready({ path, store, models: config.models.size, backends: config.backends.size })
    if (api !== undefined) {
      showAddress(session, api, log)
      if (log === undefined) await showFirstLink(session, api, store)
    }
    await signals.first
    await api?.close()
    await stop(manager, report, options.grace, signals.second)
  } finally {
    clearInterval(timer)
    signals.close()
    await api?.close()
    await view.close()
  }
}

/** Whoever runs everything on one machine has the API too, where its port is free; who asks for it has it, or nothing. */
async function offerApi(
  session: Session,
  store: Store,
  { http, isEmbedded, events }: Running,
): Promise<Listening | undefined> {
  if (http === false || (http === undefined && !isEmbedded)) return undefined
  try {
    return await listenAt(session, store, typeof http === 'number' ? http : USUAL_PORT, events)
  } catch (error) {
    if (http !== undefined || !isOrchestraError(error) || error.code !== 'ORC_HTTP_ADDRESS') throw error
    const { code, message } = error
    const hint = 'Give another port with --http PORT, or --no-http'
    if (events !== undefined) events.tell('warn', { event: 'no-api', code }, `${message}. ${hint}`)
    else if (session.terminal.json)
      session.terminal.record({ event: 'no-api', error: { code, message, hint } })
    else session.terminal.note(`${message}, so it is not offered. ${hint}`)
    return undefined
  }
}

async function listenAt(
  session: Session,
  store: Store,
  port: number,
  log: EventLog | undefined,
): Promise<Listening> {
  const { config } = await session.config()
  return listen({
    host: '127.0.0.1',
    port,
    authenticate: byCredentials(store, config.http),
    store,
    config,
    load: () => session.config(),
    environment: session.environment,
    holds: 'servers',
    onError: (error, requestId) => showTrouble(session, error, requestId, log),
    ...answering(log),
  })
}

async function stop(
  manager: Manager,
  report: UpReport,
  grace: number,
  impatient: Promise<void>,
): Promise<void> {
  const busy = manager.busy
  report.stopping(busy, grace)
  const timer = setInterval(() => report.stillStopping(manager.busy), 1_000)
  void impatient.then(() => leave(report))
  await manager.stop({ grace: grace * 1_000 }).finally(() => clearInterval(timer))
  report.stopped()
}

/** What runs on servers goes on there; the next worker asks the servers how it ended. */
function leave(report: UpReport): void {
  report.leaving()
  process.exit(1)
}
