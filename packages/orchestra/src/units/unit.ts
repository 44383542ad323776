import type pg from 'pg'
import type { Unit as CapturedUnit } from '../capture/index.ts'
import type { World } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { UnitStatus } from '../placements/index.ts'
import { type Plan, planUnit } from '../plan/index.ts'
import type { Bell } from '../store/bell.ts'
import { type Connection, explain, type Queryable, readTexts, type Store } from '../store/index.ts'
import { settled } from './settled.ts'

const DEFAULT_TIMEOUT = 30_000

export interface UnitContext {
  store: Store
  config: Config
  bell: Bell
  router(db: Queryable): Promise<World['route']>
}

/** All that one request, or one call of `unitOfWork`, changes. */
export class Unit {
  readonly id: string
  readonly #unit: CapturedUnit
  readonly #context: UnitContext

  constructor(unit: CapturedUnit, context: UnitContext) {
    this.id = unit.id
    this.#unit = unit
    this.#context = context
  }

  /**
   * What committing will do: servers, operations and scripts, secrets by name. Reads through the unit's open transaction, or
   * through `client` when it has several; nothing is written and no server is contacted.
   * @throws OrchestraError ORC_OBJECT_INVALID naming the objects that cannot be applied, so that the request can refuse
   */
  async plan(options: { client?: Pick<pg.ClientBase, 'query'> } = {}): Promise<Plan> {
    checkOptions('unit.plan()', options, { client: true })
    const { store, config } = this.#context
    const db = queryableOf(options.client ?? this.#openClient(), store)
    return planUnit(store, db, config, await this.#context.router(db), this.id)
  }

  /**
   * After the commit: waits until every operation has an outcome, or until `timeout` milliseconds have passed (default 30 s).
   * `untouched`, with the reason in `error`, says at once that no change was recorded under this unit.
   */
  async settled(options: { timeout?: number } = {}): Promise<UnitStatus> {
    checkOptions('unit.settled()', options, { timeout: true })
    return settled(this.#context.store, this.#context.bell, this.#unit, options.timeout ?? DEFAULT_TIMEOUT)
  }

  #openClient(): Pick<pg.ClientBase, 'query'> {
    const [client, second] = this.#unit.openClients
    if (client !== undefined && second === undefined) return client
    const found = client === undefined ? 'no open transaction' : 'several open transactions'
    throw new OrchestraError('ORC_USAGE', `unit.plan(): this unit has ${found}`, {
      hint: 'Call it between the writes and the commit, on what orchestra.pool(), driver() or sql() answers, or give the `client` to read through',
    })
  }
}

/**
 * Queries through a connection of the application's. When one is refused, its transaction can be asked nothing any more, so the
 * store is asked what the role lacks.
 */
export function queryableOf(client: Pick<pg.ClientBase, 'query'>, store: Store): Connection {
  const role = 'user' in client && typeof client.user === 'string' ? client.user : undefined
  const told = async <Answer>(statement: string, ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask()
    } catch (error) {
      throw await explain(error, { statement, role }, (...question) => store.query(...question))
    }
  }
  return {
    query: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await told(text, () => client.query(text, [...values]))).rows as Row[],
    texts: (text, values) => told(text, () => readTexts(client, text, values)),
  }
}
