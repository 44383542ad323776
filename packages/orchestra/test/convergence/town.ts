import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { touchRoutes } from '../../src/router/revision.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import type { World } from '../support/world.ts'
import { matchOf } from './desired.ts'
import { Disk } from './disk.ts'
import { backendNames, servers } from './steps.ts'

/** Workers that a seed may stop, start and kill. */
export interface Crew {
  start(): Promise<void>
  /** One of them ends, well or badly, and another begins. */
  replace(): Promise<void>
  stop(): Promise<void>
}

/** Milliseconds within which everything must have converged. */
const PATIENCE = 30_000

/** An application with three servers, on which seeds are tried one after the other. */
export class Town {
  readonly world: World
  readonly crew: Crew
  readonly disks: Readonly<Record<string, Disk>>
  /** Boxes of which a copy in the one file for all was given up: it stays there until the file is written again. */
  readonly givenUp = new Set<number>()
  #nudge: NodeJS.Timeout | undefined

  constructor(world: World, crew: Crew) {
    this.world = world
    this.crew = crew
    this.disks = Object.fromEntries(servers.map((name) => [name, new Disk(join(world.directory, name))]))
  }

  async open(): Promise<void> {
    await this.crew.start()
    // Workers look for what is due again once a second; asked more often, they lose no time.
    this.#nudge = setInterval(() => void this.#sweep().catch(() => undefined), 40)
  }

  async close(): Promise<void> {
    clearInterval(this.#nudge)
    await this.crew.stop()
  }

  async #sweep(): Promise<void> {
    await this.world.store.query(`select pg_notify('orchestra_control', 'sync')`)
  }

  /** As it was before the first seed. */
  async reset(): Promise<void> {
    for (const disk of Object.values(this.disks)) {
      await disk.wipe()
      disk.strangers.clear()
    }
    this.givenUp.clear()
    await rm(this.#ledger, { force: true })
    this.world.errors = []
    for (const server of servers) await this.reach(server, 'find')
    await this.world.store.transaction(async (tx) => {
      await tx.query(EMPTY)
      for (const backend of backendNames)
        for (const server of servers)
          await tx.query(
            'insert into orchestra.route (backend, server_id, match) select $1, id, $3 from orchestra.server where name = $2',
            [backend, server, matchOf(server)],
          )
      await touchRoutes(tx)
    })
  }

  /** A server that is lost does not answer; a script that runs there already is not disturbed. */
  async reach(server: string, how: 'lose' | 'find'): Promise<void> {
    const path = join(this.world.directory, server)
    await this.world.store.query('update orchestra.server set directory = $2 where name = $1', [
      server,
      how === 'lose' ? `${path}.away` : path,
    ])
  }

  get #ledger(): string {
    return join(this.world.directory, 'minted')
  }

  /** Tokens in the order in which they were made. */
  async tokens(): Promise<string[]> {
    const text = await readFile(this.#ledger, 'utf8').catch(() => '')
    return text.split('\n').filter(Boolean)
  }

  /** Asks for a look at everything and waits for the end of all that follows from it. */
  async sync(mode: 'sync' | 'check' = 'sync') {
    const { store } = this.world
    const { id } = await requestSync(store, { mode, actor: 'test', source: 'test' })
    await this.settle()
    return syncStatus(store, id)
  }

  /** Waits until nothing is left to do. */
  async settle(): Promise<void> {
    await untilWithin(PATIENCE, 'everything has ended', async () => (await this.#open()).length === 0).catch(
      async (error) => {
        const open = JSON.stringify(
          {
            open: await this.#open(),
            lanes: await this.world.store.query(LANES),
            sessions: await this.world.store.query(SESSIONS),
            errors: this.world.errors.map(String),
          },
          null,
          1,
        )
        throw new Error(`${error}: ${open}`)
      },
    )
  }

  #open(): Promise<{ what: string; row: unknown }[]> {
    return this.world.store.query(OPEN)
  }

  /** What became of data and of what was done with it, to be read when something went wrong. */
  state(): Promise<Record<string, unknown>[]> {
    return this.world.store.query(STATE)
  }

  async pass(ms: number): Promise<void> {
    await sleep(ms)
  }
}

const EMPTY = `
set local session_replication_role = replica;
delete from box;
set local session_replication_role = origin;
delete from orchestra.change; delete from orchestra.operation; delete from orchestra.placement;
delete from orchestra.protection; delete from orchestra.transfer;
delete from orchestra.sync; delete from orchestra.finding; delete from orchestra.log; delete from orchestra.route;
delete from orchestra.unit; delete from orchestra.audit;
update orchestra.server set held_at = null, held_by = null, held_reason = null;
update orchestra.lane set attempt = 0, due_at = '-infinity', blocked_outcome = null, blocked_reason = null,
  blocked_since = null`

/** Who has which server, and what keeps it. */
const LANES = `
select to_jsonb(l) as lane, (select to_jsonb(w) from orchestra.worker w where w.id = l.owner) as owner, clock_timestamp() as now
from orchestra.lane l`

/** Who is in the middle of something, and what that waits for; the embedded database has but one session. */
const SESSIONS = `
select pid, state, wait_event, pg_blocking_pids(pid) as behind, clock_timestamp() - xact_start as since, query
from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`

const STATE = `
select 'placement' as what, object_key || ' on ' || s.name as where, state, identity, error, at from (
  select object_key, server_id, state, identity, data || ' ' || names::text || coalesce(wait::text, '') as error, applied_at as at
  from orchestra.placement where backend = 'data') p join orchestra.server s on s.id = p.server_id
union all
select 'transfer to ' || t.name, object_key || ' on ' || s.name, coalesce(outcome, step), bytes::text, error, ended_at
from orchestra.transfer x join orchestra.server s on s.id = x.from_server join orchestra.server t on t.id = x.to_server
union all
select o.action, object_key || ' on ' || coalesce(s.name, 'none'), o.state || ' ' || coalesce(outcome, ''), identity, error,
  coalesce(o.ended_at, o.created_at)
from orchestra.operation o left join orchestra.server s on s.id = o.server_id where o.backend = 'data'
order by at`

const OPEN = `
select 'change' as what, to_jsonb(c) as row from orchestra.change c
union all select 'operation', to_jsonb(o) from orchestra.operation o where state in ('waiting', 'running')
union all select 'log', to_jsonb(g) - 'script' from orchestra.log g where ended_at is null
union all select 'sync', to_jsonb(y) from orchestra.sync y where ended_at is null
union all select 'inspection', to_jsonb(i) from orchestra.inspection i where ended_at is null
union all select 'transfer', to_jsonb(t) from orchestra.transfer t where ended_at is null
limit 20`
