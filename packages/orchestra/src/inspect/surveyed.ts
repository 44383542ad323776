import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import type { Methods } from '../methods/index.ts'
import type { NamedObject } from '../recording/ownership.ts'
import type { Recording, Standing } from '../script/index.ts'
import type { ServerRow } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import type { Difference } from './judge.ts'

export interface SurveyContext {
  store: Store
  config: Config
  methods: Methods
  server: ServerRow
  backend: Backend
  signal?: AbortSignal
}

/** A row that belongs on the server and that nothing was done for there yet, as it is shown. */
export interface SurveyedRow {
  /** `site:12`. */
  object: string
  identity: string
  differences: readonly Difference[]
  /** An operation that is to write it waits already. */
  waits: boolean
  /** It stands there by the store, and the server has lost its mark; or its row is gone, and it is to be removed. */
  placed: 'no' | 'unmarked' | 'removed'
}

/** One of which something is there. */
export interface Candidate extends SurveyedRow {
  key: Key
  loaded: Record<string, unknown>
  recording: Recording
  /** What is marked with it. */
  standing: Standing
}

/** A row with what is, or would be, marked of it. */
export type LoadedRow = Omit<Candidate, 'recording' | 'standing'> & {
  /** What stands, or would: of what is placed, as it was placed. */
  stands: NamedObject & { identity: string }
}

/** The highest fence that was given out for a server. */
export async function fenceOf(store: Store, { id }: ServerRow): Promise<number> {
  const [lane] = await store.query<{ fence: number }>(
    'select fence from orchestra.lane where server_id = $1',
    [id],
  )
  return lane?.fence ?? 0
}
