import type { z } from 'zod'
import { type LoadedConfig, loadConfig, storeOptions } from '../config/load.ts'
import { createMethods } from '../methods/index.ts'
import type { Agreement, Caller, Context, Ground, News, Verb } from '../operate/index.ts'
import { perform } from '../operate/index.ts'
import { doerOf } from '../server/index.ts'
import { assertMigrated, migrate, openStore, type Store, storedVersion } from '../store/index.ts'
import { showNews } from './news.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command has. */
export interface GlobalOptions {
  config?: string
  json?: boolean
  yes?: boolean
  by?: string
}

/** `unfinished`: it worked, and something that it shows has failed or is pending. */
export type Ending = 'done' | 'unfinished'

/** How a verb reaches the person who asked for it. */
export interface Asking<Question> {
  agree?: (question: Question) => Promise<Agreement>
  signal?: AbortSignal
  onNews?: (news: News) => void
  /** Called when it has ended, however it did. */
  close?: () => void
}

/** What one run of a command works with; closed when the command ends. */
export class Session {
  readonly terminal: Terminal
  readonly options: GlobalOptions
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  #config: Promise<LoadedConfig> | undefined
  #store: Promise<Store> | undefined

  constructor(parts: {
    terminal: Terminal
    options: GlobalOptions
    directory: string
    environment: NodeJS.ProcessEnv
  }) {
    this.terminal = parts.terminal
    this.options = parts.options
    this.directory = parts.directory
    this.environment = parts.environment
  }

  /** Who does it, for the audit. */
  get by(): string {
    return doerOf(this.options)
  }

  config(): Promise<LoadedConfig> {
    this.#config ??= loadConfig(this.options.config, this.directory)
    return this.#config
  }

  /** The store, whose schema is the one this version works with. */
  store(): Promise<Store> {
    this.#store ??= this.#open()
    return this.#store
  }

  /**
   * Does what somebody asked for, and answers what `--json` prints of it.
   * @param parts.agree asks a person, where the verb asks for consent; nobody agrees otherwise
   * @param parts.signal ends what lasts
   */
  run<Schema extends z.ZodType, Output, Question = never>(
    verb: Verb<string, Schema, Output, Context<Question>>,
    given: z.input<Schema>,
    parts: Asking<Question> = {},
  ): Promise<Output> {
    return perform({ verb, given, open: () => this.context(parts) }).finally(() => parts.close?.())
  }

  /** The same, of one that is asked where no store is ready. */
  runAlone<Schema extends z.ZodType, Output, Question = never>(
    verb: Verb<string, Schema, Output, Ground<Question>>,
    given: z.input<Schema>,
    parts: Asking<Question> = {},
  ): Promise<Output> {
    const { environment } = this
    const open = async () => ({ ...this.#caller(parts), load: () => this.config(), environment })
    return perform({ verb, given, open })
  }

  /** What verbs work with. */
  async context<Question>(parts: Asking<Question> = {}): Promise<Context<Question>> {
    const { config } = await this.config()
    const store = await this.store()
    const methods = () => createMethods({ environment: this.environment })
    return { ...this.#caller(parts), store, config, methods }
  }

  #caller<Question>({ agree, signal, onNews }: Asking<Question>): Omit<Caller<Question>, 'store'> {
    const { by } = this.options
    return {
      principal: { kind: by === undefined ? 'os-user' : 'claimed', name: this.by },
      face: 'cli',
      agree: agree ?? (async () => 'refused'),
      tell: onNews ?? ((news) => showNews(this.terminal, news)),
      signal: signal ?? new AbortController().signal,
    }
  }

  async close(): Promise<void> {
    const store = await this.#store?.catch(() => undefined)
    await store?.close()
  }

  async #open(): Promise<Store> {
    const store = await openStore(storeOptions(await this.config(), this.environment))
    try {
      // Nobody but Orchestra uses a new embedded database, so there is nobody to ask.
      if (store.kind === 'pglite' && (await storedVersion(store)) === 0) await migrate(store)
      await assertMigrated(store)
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }
}
