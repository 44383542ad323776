import type { IncomingMessage } from 'node:http'
import type pg from 'pg'
import {
  type Unit as CapturedUnit,
  type CaptureReport,
  collect,
  currentUnit,
  type ExpressRequest,
  type ExpressUnitOptions,
  expressUnits,
  type FastifyApp,
  type FastifyRequest,
  type FastifyUnitOptions,
  fastifyUnits,
  heal,
  type PgDriver,
  type PostgresJs,
  type UnitOptions,
  unitNames,
  unitOfWork,
  wrapDriver,
  wrapPool,
  wrapPostgresJs,
} from './capture/index.ts'
import { sealObject } from './collector/index.ts'
import type { Config } from './config/config.ts'
import { formatKey, keyPart } from './config/key.ts'
import { modelNamed } from './config/names.ts'
import { type ChangesTokenOptions, makeToken, Signer } from './customers/index.ts'
import { OrchestraError } from './errors.ts'
import { register } from './generation/index.ts'
import {
  type ApiOptions,
  type Console,
  type ConsoleOptions,
  createConsole,
  type OfferedApi,
  offerApi,
} from './http/index.ts'
import type { Finding } from './inspect/index.ts'
import { Manager, type ManagerOptions, routeObjects } from './manager/index.ts'
import {
  askFor,
  type PlanShown,
  planMake,
  requestsBy,
  type SyncShown,
  syncShow,
  syncStart,
} from './operate/index.ts'
import { checkOptions, type NamesOf } from './options.ts'
import { CurrentRouter } from './router/index.ts'
import { doerOf } from './server/index.ts'
import { sourceOf } from './source/index.ts'
import {
  Bell,
  migrate,
  openStore,
  type Queryable,
  type Store,
  type StoreOptions,
  storeNames,
} from './store/index.ts'
import { type SyncMode, type SyncSelector, type SyncStatus, syncEnded } from './sync/index.ts'
import { queryableOf, Unit } from './units/index.ts'

export interface CollectOptions {
  /** `save`, `delete`, or an action of a backend; default `save`. */
  action?: string
  /** The object itself, for a model that no table holds. */
  object?: Record<string, unknown>
  /** A connection with an open transaction: what is collected commits and rolls back with it. */
  client?: Pick<pg.ClientBase, 'query'>
}

export interface SyncOptions extends SyncSelector {
  /** How many objects of one backend on one server it may remove; default the usual bound. */
  allowDeletes?: number
  /** Who asks for it; default the system user that this process runs as. */
  actor?: string | null
  /** Ends the waiting; the synchronization goes on in the workers. */
  signal?: AbortSignal
}

/** What a check is about: what matches all that is given. */
export interface CheckSelector {
  server?: string
  backend?: string
  /** `model:key`. */
  object?: string
  /** Who asks for it; default the system user that this process runs as. */
  actor?: string | null
  /** Ends the waiting; the check itself goes on in the workers. */
  signal?: AbortSignal
}

const collectNames: NamesOf<CollectOptions> = { action: true, object: true, client: true }
const selectorNames: NamesOf<SyncSelector> = { server: true, backend: true, object: true, model: true }
const syncNames: NamesOf<SyncOptions> = { ...selectorNames, allowDeletes: true, actor: true, signal: true }
const checkNames: NamesOf<CheckSelector> = {
  server: true,
  backend: true,
  object: true,
  actor: true,
  signal: true,
}
const workerNames: NamesOf<OwnWorkerOptions> = {
  methods: true,
  onError: true,
  checkCapture: true,
}

/** What a worker inside of an application is made with. */
type OwnWorkerOptions = Omit<ManagerOptions, 'store' | 'config' | 'doRequest'>

/** Orchestra inside an application: units of work before and after the commit, and a worker where one is wanted. */
export class Orchestra {
  readonly config: Config
  readonly store: Store
  readonly #bell: Bell
  readonly #router: CurrentRouter
  readonly #consoles: { close(): Promise<void> }[] = []
  readonly #signer: Signer

  private constructor(config: Config, store: Store) {
    // Types forbid `new`, and plain JavaScript has none.
    if (typeof store?.query !== 'function')
      throw new OrchestraError('ORC_USAGE', 'Orchestra is not made with `new`', {
        hint: 'Write `await Orchestra.open(config)`, which takes the options of the store',
      })
    this.config = config
    this.store = store
    this.#signer = new Signer(store, store.keyring)
    this.#bell = new Bell(store)
    this.#router = new CurrentRouter(config.backends.values())
  }

  /**
   * Opens the store of a configuration; `DATABASE_URL` and `ORCHESTRA_KEY` fill what it leaves open. Close it when done.
   * @throws OrchestraError ORC_STORE_LOCKED, ORC_STORE_UNREACHABLE, ORC_KEY_UNREADABLE
   */
  static async open(config: Config, options: StoreOptions = {}): Promise<Orchestra> {
    checkOptions('Orchestra.open()', options, storeNames)
    const { DATABASE_URL: databaseUrl, ORCHESTRA_KEY: key } = process.env
    return new Orchestra(config, await openStore({ databaseUrl, key, ...config.store, ...options }))
  }

  /**
   * Brings the schema up to date, makes again what a migration tool dropped of it, and makes the database record changes of all models.
   * @throws OrchestraError ORC_STORE_OUTDATED, ORC_STORE_DAMAGED; ORC_CAPTURE_TABLE, ORC_CAPTURE_COLUMN, ORC_CAPTURE_LOCKED,
   * ORC_CAPTURE_DENIED for the first model that cannot be captured, after all others are
   */
  async install(): Promise<CaptureReport> {
    await heal(this.store)
    await migrate(this.store)
    const report = await this.#capture()
    const [failure] = report.failed
    if (failure !== undefined) throw failure.error
    return report
  }

  /** A worker of this process; start and stop it. */
  worker(options: Omit<ManagerOptions, 'store' | 'config' | 'doRequest'> = {}): Manager {
    checkOptions('orchestra.worker()', options, workerNames)
    return new Manager({
      checkCapture: async () => {
        await heal(this.store)
        const { failed } = await this.#capture()
        for (const { error } of failed) options.onError?.(error)
      },
      ...options,
      store: this.store,
      config: this.config,
      doRequest: requestsBy({ store: this.store, config: this.config, onError: options.onError }),
    })
  }

  /** The application's pool, whose transactions inside a unit of work carry the unit. */
  pool<Pool extends pg.Pool>(pool: Pool): Pool {
    return wrapPool(pool)
  }

  /**
   * The module `pg` for libraries that take the driver and make their own pools: those it makes are wrapped.
   * @throws OrchestraError ORC_USAGE
   */
  driver<Driver extends PgDriver>(pg: Driver): Driver {
    return wrapDriver(pg)
  }

  /**
   * The application's instance of postgres.js, whose queries and transactions inside a unit of work carry the unit.
   * @throws OrchestraError ORC_USAGE
   */
  sql<Sql extends PostgresJs>(sql: Sql): Sql {
    return wrapPostgresJs(sql)
  }

  /**
   * Makes everything that `work` changes through what is wrapped one unit, across its transactions, until what it answers has
   * settled.
   */
  unitOfWork<Result>(work: (unit: Unit) => Result, options: UnitOptions = {}): Result {
    checkOptions('orchestra.unitOfWork()', options, unitNames)
    return unitOfWork(options, (unit) => work(this.#unit(unit)))
  }

  /** The unit of the request or `unitOfWork` call that this runs in. */
  currentUnit(): Unit | undefined {
    const unit = currentUnit()
    return unit === undefined ? undefined : this.#unit(unit)
  }

  /**
   * Middleware for Express: everything that one request changes until its response has been sent is one unit, named in the header
   * `Orchestra-Unit`.
   */
  express<Request extends ExpressRequest>(options: ExpressUnitOptions<Request> = {}) {
    return expressUnits(options)
  }

  /** The same for Fastify; call it before the routes are added. */
  fastify<Request extends FastifyRequest>(
    app: FastifyApp<Request>,
    options: FastifyUnitOptions<Request> = {},
  ): void {
    fastifyUnits(app, options)
  }

  /**
   * Asks for an action that no change of a row stands for, or tells of an object that no table holds. It belongs to the
   * caller's unit of work. Answers the unit's id.
   * @throws OrchestraError ORC_MODEL_UNKNOWN, ORC_USAGE also for a key that is a number beyond 2^53
   */
  async collect(
    modelName: string,
    key: string | number | bigint | readonly (string | number | bigint)[],
    options: CollectOptions = {},
  ): Promise<string> {
    checkOptions('orchestra.collect()', options, collectNames)
    const { action, object, client } = options
    const model = modelNamed(this.config, modelName)
    const db = client === undefined ? this.store : queryableOf(client, this.store)
    const keys = [key].flat().map(keyPart)
    const seal = this.store.keyring.for(modelName, formatKey(keys))
    const payload = object === undefined ? undefined : sealObject(model, object, seal)
    return collect(db, { model: modelName, keys: [keys], action, payload })
  }

  /**
   * What is to be done: what waits, and what comparing the rows with what was placed comes to. Contacts no server and writes nothing.
   * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN, ORC_USAGE, ORC_INPUT_INVALID
   */
  async plan(selector: SyncSelector = {}): Promise<PlanShown> {
    checkOptions('orchestra.plan()', selector, selectorNames)
    return askFor(this, planMake, selector)
  }

  /**
   * Has workers make rows, placements and servers agree, and answers what that came to when nothing of it goes on by itself.
   * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN, ORC_USAGE, ORC_INPUT_INVALID
   */
  async sync(options: SyncOptions = {}): Promise<SyncStatus> {
    checkOptions('orchestra.sync()', options, syncNames)
    return this.#synchronize('sync', options)
  }

  /**
   * Has workers look at the servers, changing nothing there, and answers what they found otherwise than it should be.
   * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN, ORC_USAGE, ORC_INPUT_INVALID,
   * ORC_INSPECTION_FAILED
   */
  async checkNow(selector: CheckSelector = {}): Promise<Finding[]> {
    checkOptions('orchestra.checkNow()', selector, checkNames)
    const { id, state, error, findings } = await this.#synchronize('check', selector)
    if (state === 'done' && findings !== undefined) return findings
    throw new OrchestraError('ORC_INSPECTION_FAILED', `Check ${id}: ${error ?? state}`)
  }

  /** Waits for the end of what it asks for. */
  async #synchronize(mode: SyncMode, { signal, actor, ...asked }: SyncOptions): Promise<SyncShown> {
    const application = { store: this.store, config: this.config, actor }
    const { id } = await askFor(application, syncStart, { ...asked, mode })
    await syncEnded(this.store, this.#bell, id, signal)
    return askFor(application, syncShow, { id })
  }

  /**
   * The API inside of the application, for whom `authorize` names: `app.use('/orchestra', await orchestra.console({ authorize }))`. Without
   * it nobody is let in, and nothing is made.
   * @throws OrchestraError ORC_AUTHORIZE_MISSING
   */
  async console<Request = IncomingMessage>(options: ConsoleOptions<Request>): Promise<Console> {
    const made = await createConsole(this, options)
    this.#consoles.push(made)
    return made
  }

  /**
   * The API on a port of this machine, for whoever logs in or has a token, with a page to come in by; a link lets somebody in once while
   * nobody may do everything.
   * @throws OrchestraError ORC_HTTP_ADDRESS
   */
  async api(options: ApiOptions = {}): Promise<OfferedApi> {
    const offered = await offerApi(this, options, doerOf({}))
    this.#consoles.push(offered)
    return offered
  }

  /** What the application's own customers may see of their objects. */
  readonly changes = {
    /**
     * A token for one customer, 15 minutes long, by which `<orchestra-changes>` and `/embed/v1/changes` show how his objects are.
     * @throws OrchestraError ORC_INPUT_INVALID, ORC_MODEL_UNKNOWN, ORC_KEY_ABSENT
     */
    token: (options: ChangesTokenOptions): Promise<string> => makeToken(this.config, this.#signer, options),
  }

  async close(): Promise<void> {
    await Promise.all(this.#consoles.splice(0).map((one) => one.close()))
    await this.#bell.close()
    await this.store.close()
  }

  async #capture(): Promise<CaptureReport> {
    const generation = await register(this.store, this.config)
    return sourceOf(this.store).capture.install([...this.config.models.values()], { generation })
  }

  #unit(unit: CapturedUnit): Unit {
    const router = async (db: Queryable) => routeObjects(await this.#router.get(db))
    return new Unit(unit, { store: this.store, config: this.config, bell: this.#bell, router })
  }
}
