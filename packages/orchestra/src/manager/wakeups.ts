import type { QueryResult } from 'pg'
import { PgBoss } from 'pg-boss'
import type { Duties } from '../generation/index.ts'
import { explain, type Store } from '../store/index.ts'
import { BOSS_SCHEMA, dropBroken, isAbsent, makeSchema } from './wakeups-schema.ts'

const LANES = 'orchestra-lane'
const POLL_INTERVAL = 1_000
const WAKE_EXPIRES = 60

export interface Wakeups {
  /** Tells some worker, this one or another, that these lanes have work. */
  send(serverIds: readonly number[]): Promise<void>
  /** Makes what this worker's configuration asks for by the clock be what is done. */
  schedule(): Promise<void>
  /** Looks for wake-ups now instead of at the next poll. */
  poke(): void
  stop(): Promise<void>
}

export interface WakeupOptions {
  store: Store
  /** Lanes that this worker can still take. */
  free(): number
  onLane(serverId: number): void
  onError(error: unknown): void
  /** Whether what other configurations ask for by the clock is left as it is. */
  rank(): Duties['rank']
  /** Work that is due by the clock, by name and cron line; each runs on one worker. */
  schedules: Readonly<Record<string, { cron: string; run: () => Promise<void> }>>
}

/**
 * Wake-ups and schedules on pg-boss. A wake-up carries no work: the operation table does. So one queued wake-up a lane is
 * enough (`stately`), it is sent only after its operations are committed, and one that gets lost is made up for by the sweep.
 */
export async function startWakeups(options: WakeupOptions): Promise<Wakeups> {
  const loop = new FetchLoop(options)
  await loop.start()
  return loop
}

/** A migration tool may have dropped tables of pg-boss; then it begins anew. */
async function startBoss(options: WakeupOptions, onAbsent: () => void): Promise<PgBoss> {
  try {
    return await tryStart(options, onAbsent)
  } catch (error) {
    if (!isAbsent(error)) throw error
    await dropBroken(options.store)
    return tryStart(options, onAbsent)
  }
}

async function tryStart(options: WakeupOptions, onAbsent: () => void): Promise<PgBoss> {
  const { store } = options
  await makeSchema(store)
  const boss = new PgBoss({
    schema: BOSS_SCHEMA,
    db: { executeSql: (text, values = []) => execute(store, text, values) },
    backend: store.kind,
    createSchema: false,
    monitorVacuum: false,
  })
  // It spreads some errors into plain objects.
  boss.on('error', (error) => {
    const thrown = error instanceof Error ? error : Object.assign(new Error(), error)
    if (isAbsent(thrown)) onAbsent()
    options.onError(thrown)
  })
  try {
    await boss.start()
    await ensureQueue(boss)
    await offer(boss, options.schedules)
    if (options.rank() === 'newest') await schedule(boss, options.schedules)
    return boss
  } catch (error) {
    await boss.stop({ graceful: false, close: false }).catch(options.onError)
    throw error
  }
}

async function offer(boss: PgBoss, schedules: WakeupOptions['schedules']): Promise<void> {
  for (const [name, { run }] of Object.entries(schedules)) {
    await boss.createQueue(name, { policy: 'singleton', retryLimit: 0 })
    await boss.work(name, { pollingIntervalSeconds: 30 }, run)
  }
}

/** What this configuration asks for runs by the clock, and what an earlier one asked for does not. */
async function schedule(boss: PgBoss, schedules: WakeupOptions['schedules']): Promise<void> {
  for (const [name, { cron }] of Object.entries(schedules)) await boss.schedule(name, cron)
  for (const { name } of await boss.getSchedules())
    if (!Object.hasOwn(schedules, name)) await boss.unschedule(name)
}

/** pg-boss sends whole transactions as one text, and wants the rows of all their statements. */
async function execute(store: Store, text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
  const client = await store.pool.connect()
  let broken: Error | undefined
  try {
    const result: QueryResult | QueryResult[] = await client.query(
      text,
      values.length > 0 ? values : undefined,
    )
    return { rows: [result].flat().flatMap((one) => one.rows) }
  } catch (error) {
    // A statement that failed inside such a text leaves its transaction open.
    await client.query('rollback').catch((cause: Error) => {
      broken = cause
    })
    throw await explain(error, { statement: text }, (...asked) => store.query(...asked))
  } finally {
    client.release(broken)
  }
}

async function ensureQueue(boss: PgBoss): Promise<void> {
  const queue = {
    policy: 'stately',
    retryLimit: 0,
    expireInSeconds: WAKE_EXPIRES,
    deleteAfterSeconds: 60,
  } as const
  await boss.createQueue(LANES, queue)
}

/**
 * pg-boss' own `work` sleeps a polling interval after each fetch that finds nothing; fetching ourselves answers a wake-up
 * at once.
 */
class FetchLoop implements Wakeups {
  readonly #options: WakeupOptions
  #boss: PgBoss | undefined
  #timer: NodeJS.Timeout | undefined
  #fetching: Promise<void> | undefined
  #restarting: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(options: WakeupOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#boss = await startBoss(this.#options, () => this.#restart())
    this.#timer = setInterval(() => this.poke(), POLL_INTERVAL)
  }

  /** In one order: of each lane one waits at most, so whoever sends many at once waits for whoever sends the same. */
  async send(serverIds: readonly number[]): Promise<void> {
    if (serverIds.length === 0) return
    const inOrder = serverIds.toSorted((one, other) => one - other)
    const jobs = inOrder.map((serverId) => ({ data: { serverId }, singletonKey: String(serverId) }))
    await this.#boss?.insert(LANES, jobs)
    await this.#options.store.query(`select pg_notify('orchestra_wake', '')`)
  }

  async schedule(): Promise<void> {
    if (this.#boss !== undefined) await schedule(this.#boss, this.#options.schedules)
  }

  poke(): void {
    if (this.#fetching !== undefined) {
      this.#again = true
      return
    }
    this.#fetching = this.#fetch()
      .catch((error) => {
        if (isAbsent(error)) this.#restart()
        this.#options.onError(error)
      })
      .finally(() => {
        this.#fetching = undefined
        if (this.#again) {
          this.#again = false
          this.poke()
        }
      })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#fetching
    await this.#restarting
    await this.#boss?.stop({ graceful: true, close: false, timeout: 5_000 })
  }

  /** Its tables are gone: the same again on new ones. While they are not there, the sweep finds what there is to do. */
  #restart(): void {
    if (this.#stopped) return
    this.#restarting ??= this.#beginAnew()
      .catch(this.#options.onError)
      .finally(() => {
        this.#restarting = undefined
      })
  }

  async #beginAnew(): Promise<void> {
    const { store, onError } = this.#options
    const broken = this.#boss
    this.#boss = undefined
    await broken?.stop({ graceful: false, close: false }).catch(onError)
    await dropBroken(store)
    this.#boss = await startBoss(this.#options, () => this.#restart())
  }

  async #fetch(): Promise<void> {
    const batchSize = this.#options.free()
    const boss = this.#boss
    if (boss === undefined) return this.#restart()
    if (batchSize <= 0) return
    const jobs = await boss.fetch<{ serverId: number }>(LANES, { batchSize })
    if (jobs.length === 0) return
    for (const job of jobs) this.#options.onLane(job.data.serverId)
    // A full batch may have left others behind, and lanes that were busy already took no room.
    if (jobs.length === batchSize) this.#again = true
    await boss.complete(
      LANES,
      jobs.map((job) => job.id),
    )
  }
}
