import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { isOrchestraError, messageOf } from '../errors.ts'
import { Crew, type Duties } from '../generation/index.ts'
import { endUnlookable } from '../inspect/index.ts'
import { createMethods, type Methods } from '../methods/index.ts'
import { Teller } from '../notify/index.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import { type DoRequest, RequestRunner } from '../requests/index.ts'
import { CurrentRouter } from '../router/index.ts'
import { releaseOverdue } from '../server/index.ts'
import { type Aside, assertNotNewer, type Listener, type Queryable, type Store } from '../store/index.ts'
import { markStale } from '../sync/index.ts'
import { TransferRunner } from '../transfer/index.ts'
import { ChangeWatch } from './change-watch.ts'
import { Collector } from './collector.ts'
import { dueLanes } from './due-lanes.ts'
import { lookAgainAtHeld } from './held.ts'
import { LaneSlots } from './lane-slots.ts'
import { renewLeases } from './lease.ts'
import { compareMissed } from './missed.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { registerWorker, removeWorker } from './registration.ts'
import { currentRoutes } from './route.ts'
import { schedulesOf } from './schedules.ts'
import { startWakeups, type Wakeups } from './wakeups.ts'
import { watch } from './watch.ts'

/** Milliseconds between renewals of the leases: three may fail before a lease ends. */
const RENEW_INTERVAL = 3_000
/** Milliseconds between looks for work that no wake-up told of: due again, or left behind by a dead worker. */
const SWEEP_INTERVAL = 1_000
/** Milliseconds between looks at what captures the changes. */
const CAPTURE_INTERVAL = 60_000
/** Milliseconds between looks at what operators are to be told. */
const WATCH_INTERVAL = 5_000

export interface ManagerOptions {
  store: Store
  config: Config
  methods?: Methods
  /** What went wrong beside the operations, which record their own failures. */
  onError?: (error: unknown) => void
  /** Installed captures are looked at now and then: a migration tool that recreates a table takes its triggers away. */
  checkCapture?: () => Promise<void>
  /** Does what people ask for by way of a process that may not do it itself; without, this worker leaves that to others. */
  doRequest?: DoRequest
}

export interface StopOptions {
  /** Milliseconds; default 30 s. */
  grace?: number
}

const managerNames: NamesOf<ManagerOptions> = {
  store: true,
  config: true,
  methods: true,
  onError: true,
  checkCapture: true,
  doRequest: true,
}
const stopNames: NamesOf<StopOptions> = { grace: true }

export type Mode = 'new' | 'running' | 'stopping' | 'stopped'

/** A worker: collects committed changes and works the lanes. Any number may share one Postgres. */
export class Manager {
  readonly id = randomUUID()
  readonly #options: ManagerOptions
  readonly #methods: Methods
  readonly #collector: Collector
  readonly #transfers: TransferRunner
  readonly #requests: RequestRunner | undefined
  readonly #slots: LaneSlots
  readonly #renewing = new OneAtATime(() => this.#renew())
  readonly #announcing = new OneAtATime(() => this.#changes.renew().catch((error) => this.#report(error)))
  readonly #sweeping = new OneAtATime(() => this.#sweep())
  readonly #scheduling = new OneAtATime(() => this.#schedule())
  readonly #teller: Teller
  readonly #watching = new OneAtATime(() => this.#watch())
  /** Leases must not end while everything else waits for a connection. */
  #leases: Aside | undefined
  #mode: Mode = 'new'
  #timers: NodeJS.Timeout[] = []
  #listener: Listener | undefined
  #wakeups: Wakeups | undefined
  readonly #changes: ChangeWatch
  readonly #crew: Crew
  /** As they were when it last did something about what is different. */
  #duties: Duties
  #staleness: Promise<void> = Promise.resolve()
  #halted: string | null = null
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** @throws OrchestraError ORC_OPTION_UNKNOWN */
  constructor(options: ManagerOptions) {
    checkOptions('Manager', options, managerNames)
    this.#options = options
    this.#methods = options.methods ?? createMethods()
    this.#crew = new Crew(options.config)
    this.#duties = this.#crew.duties
    const router = new CurrentRouter(options.config.backends.values())
    this.#collector = new Collector({
      store: options.store,
      config: options.config,
      owner: this.id,
      router: () => currentRoutes(router, options.store),
      duties: (db) => this.#crew.look(db),
      onError: (error) => this.#report(error),
    })
    this.#slots = new LaneSlots({
      most: options.config.worker.concurrency,
      context: { ...options, methods: this.#methods, owner: this.id, duties: () => this.#crew.duties },
      takes: () => this.#takes,
      onRoom: () => this.#wakeups?.poke(),
      onError: (error) => this.#report(error),
    })
    this.#changes = new ChangeWatch({
      store: options.store,
      look: () => this.#collectAll(),
      onError: (error) => this.#report(error),
    })
    this.#teller = new Teller(options.store, (error) => this.#report(error))
    this.#transfers = new TransferRunner({
      store: options.store,
      config: options.config,
      methods: this.#methods,
      owner: this.id,
      backends: () => this.#crew.duties.backends,
      onError: (error) => this.#report(error),
    })
    if (options.doRequest !== undefined)
      this.#requests = new RequestRunner({
        store: options.store,
        owner: this.id,
        work: options.doRequest,
        onError: (error) => this.#report(error),
      })
  }

  get mode(): Mode {
    return this.#mode
  }

  /** Servers that are worked on right now. */
  get busy(): number {
    return this.#slots.busy
  }

  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /**
   * Takes nothing new, lets running scripts end within `grace` milliseconds, then ends them on their servers and hands their
   * operations back.
   * @throws OrchestraError ORC_OPTION_UNKNOWN
   */
  async stop(options: StopOptions = {}): Promise<void> {
    checkOptions('manager.stop()', options, stopNames)
    this.#stopping ??= this.#stop(options.grace ?? 30_000)
    await this.#stopping
  }

  async #start(): Promise<void> {
    const { store, config } = this.#options
    const generation = await this.#crew.join(store)
    await compareMissed(store, this.#crew)
    await registerWorker(store, this.id, generation)
    this.#duties = await this.#crew.look(store)
    this.#wakeups = await startWakeups({
      store,
      free: () => (this.#mode === 'running' ? this.#slots.free : 0),
      onLane: (serverId) => this.#slots.work(serverId),
      onError: (error) => this.#report(error),
      rank: () => this.#crew.duties.rank,
      schedules: schedulesOf({
        store,
        config,
        methods: this.#methods,
        onError: (error) => this.#report(error),
      }),
    })
    this.#mode = 'running'
    this.#leases = store.aside()
    this.#listener = store.listen(
      ['orchestra_change', 'orchestra_wake', 'orchestra_control'],
      (channel, payload) => this.#notified(channel, payload),
    )
    this.#timers = [
      setInterval(() => this.#renewing.tick(), RENEW_INTERVAL),
      setInterval(() => this.#announcing.tick(), RENEW_INTERVAL),
      setInterval(() => this.#sweeping.tick(), SWEEP_INTERVAL),
      setInterval(() => void this.#checkCapture(), CAPTURE_INTERVAL),
      setInterval(() => this.#watching.tick(), WATCH_INTERVAL),
    ]
    this.#changes.ask()
    this.#markStale()
  }

  async #stop(grace: number): Promise<void> {
    if (this.#starting === undefined) return
    const isStarted = await this.#starting.then(
      () => true,
      () => false,
    )
    if (!isStarted) return this.#methods.close()
    this.#mode = 'stopping'
    this.#slots.finish()
    const ended = Promise.all([this.#slots.ended(), this.#transfers.finish(), this.#requests?.finish()])
    await Promise.race([ended, sleep(grace, undefined, { ref: false })])
    this.#slots.stop({ kind: 'shutdown' })
    this.#transfers.stop()
    this.#requests?.stop()
    await ended
    for (const timer of this.#timers) clearInterval(timer)
    await this.#changes.close().catch((error) => this.#report(error))
    await this.#staleness
    await this.#listener?.close()
    await this.#renewing.end()
    await this.#announcing.end()
    await this.#sweeping.end()
    await this.#watching.end()
    await this.#teller.end()
    await this.#scheduling.end()
    await this.#leases?.close()
    await this.#wakeups?.stop().catch((error) => this.#report(error))
    await this.#methods.close()
    await removeWorker(this.#options.store, this.id)
    this.#mode = 'stopped'
  }

  #notified(channel: string, payload: string): void {
    if (this.#mode !== 'running') return
    if (channel === 'orchestra_change') this.#changes.ask()
    else if (channel === 'orchestra_wake') this.#wakeups?.poke()
    else if (this.#changes.heard(payload)) return
    else if (payload === 'requests') this.#heardOfRequests()
    else if (payload.startsWith('cancel:') || payload === 'workers') void this.#renewing.ask()
    else {
      if (payload === '') void this.#changes.connected().catch((error) => this.#report(error))
      if (payload === 'routes' || payload === '') void this.#lookAgainAtHeld()
      void this.#sweeping.ask()
    }
  }

  async #collectAll(): Promise<void> {
    while (this.#takes) {
      const look = await this.#collector.look()
      if (look.kind !== 'collected') return
      const left = look.serverIds.filter((serverId) => !this.#slots.work(serverId))
      await this.#wakeups?.send(left)
      if (!look.more) return
    }
  }

  get #takes(): boolean {
    return this.#mode === 'running' && this.#halted === null
  }

  async #renew(): Promise<void> {
    const { store } = this.#options
    const db = this.#leases ?? store
    await this.#lookAround(db).catch((error) => this.#report(error))
    try {
      const lanes = this.#slots.lanes.map((lane) => ({ lane, claim: lane.claim }))
      const serverIds = lanes.map(({ lane }) => lane.serverId)
      const { kept, cancelled, wasSilent } = await renewLeases(db, this.id, serverIds, {
        keyIds: store.keyring.ids,
        generation: this.#crew.number,
        halted: this.#halted,
      })
      for (const { lane, claim } of lanes) {
        const isLost = claim !== undefined && claim === lane.claim && !kept.includes(lane.serverId)
        if (isLost) lane.stop({ kind: 'lost-lane' })
        for (const cancellation of cancelled) lane.cancel(cancellation)
      }
      // Others judged meanwhile by what they have.
      if (wasSilent && this.#mode === 'running') this.#markStale()
      await this.#collector.renew(db)
      await this.#transfers.renew(db)
      await this.#requests?.renew(db)
    } catch (error) {
      this.#report(error)
    }
  }

  /** Who else works, with what configuration, and whether the schema is one that this release can work with. */
  async #lookAround(db: Queryable): Promise<void> {
    await assertNotNewer(db).catch((error) => this.#halt(error))
    if (this.#halted !== null) return
    await this.#crew.join(db)
    const now = await this.#crew.look(db)
    if (this.#mode !== 'running') return
    // The collector looks around too, and does nothing about what is different.
    const before = this.#duties
    this.#duties = now
    if (now.rank === 'newest' && before.rank !== now.rank) void this.#scheduling.ask()
    if (hasMoreToRender(before, now)) this.#markStale()
  }

  /** Nothing new is taken; what runs is brought to its end. */
  #halt(error: unknown): void {
    if (!isOrchestraError(error, 'ORC_STORE_OUTDATED')) throw error
    if (this.#halted !== null) return
    this.#halted = messageOf(error)
    this.#slots.finish()
    this.#report(error)
  }

  async #schedule(): Promise<void> {
    await this.#wakeups?.schedule().catch((error) => this.#report(error))
  }

  async #checkCapture(): Promise<void> {
    if (!this.#takes) return
    await this.#options.checkCapture?.().catch((error) => this.#report(error))
  }

  async #watch(): Promise<void> {
    if (this.#halted !== null) return
    await releaseOverdue(this.#options.store).catch((error) => this.#report(error))
    await watch(this.#options.store, this.#teller).catch((error) => this.#report(error))
  }

  async #sweep(): Promise<void> {
    if (this.#halted !== null) return
    try {
      this.#changes.ask()
      const due = await dueLanes(this.#options.store, this.#crew.duties)
      const left = due.filter(
        ({ serverId, work }) => !this.#slots.has(serverId) && !this.#slots.work(serverId, work),
      )
      await this.#wakeups?.send(left.map(({ serverId }) => serverId))
      await endUnlookable(this.#options.store)
      await this.#transfers.poll()
      await this.#pollRequests()
    } catch (error) {
      this.#report(error)
    }
  }

  /** One is there, or one is to be ended. */
  #heardOfRequests(): void {
    void this.#renewing.ask()
    void this.#pollRequests().catch((error) => this.#report(error))
  }

  /** Those who ask know the newest configuration. */
  async #pollRequests(): Promise<void> {
    if (this.#takes && this.#crew.duties.rank === 'newest') await this.#requests?.poll()
  }

  /** A new release of the application may render differently what stands. */
  #markStale(): void {
    const { store, config } = this.#options
    const isWanted = () => this.#mode === 'running'
    const backends = async (db: Queryable) => (await this.#crew.look(db)).backends
    this.#staleness = this.#staleness.then(async () => {
      try {
        await markStale(store, config, { isWanted, backends })
      } catch (error) {
        this.#report(error)
      }
    })
  }

  async #lookAgainAtHeld(): Promise<void> {
    try {
      await lookAgainAtHeld(this.#options.store)
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    this.#options.onError?.(error)
  }
}

/** Another worker has made the last of what it rendered in its way, or left it to this one. */
function hasMoreToRender(before: Duties, now: Duties): boolean {
  return (
    now.backends.some((backend) => !before.backends.includes(backend)) ||
    before.others.some((number) => !now.others.includes(number))
  )
}
