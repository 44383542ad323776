import type { Config } from '../config/config.ts'
import type { Queryable } from '../store/index.ts'
import { allDuties, type Duties, dutiesOf, missedBy } from './duties.ts'
import { knownTo, livingGenerations, register } from './living.ts'

/** A worker among the others. */
export class Crew {
  readonly #config: Config
  #number: number | undefined
  #duties: Duties

  constructor(config: Config) {
    this.#config = config
    this.#duties = allDuties(config)
  }

  /** As they were when somebody looked last. */
  get duties(): Duties {
    return this.#duties
  }

  /** Null before it has joined. */
  get number(): number | null {
    return this.#number ?? null
  }

  async join(db: Queryable): Promise<number> {
    this.#number = await register(db, this.#config)
    return this.#number
  }

  /** Backends of this configuration that no worker has, while some have their models: they decided without them. */
  async missed(db: Queryable): Promise<string[]> {
    return missedBy(knownTo(this.#config), await livingGenerations(db))
  }

  /** Looks who else lives. */
  async look(db: Queryable): Promise<Duties> {
    if (this.#number === undefined) return this.#duties
    this.#duties = dutiesOf({ number: this.#number, ...knownTo(this.#config) }, await livingGenerations(db))
    return this.#duties
  }
}
