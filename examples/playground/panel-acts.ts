import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { plans } from './application.ts'
import type { RunningServer } from './servers.ts'

/** What a button of the panel does; answers what to say where that is not plain. */
export type Act = (form: URLSearchParams, world: PanelWorld) => Promise<string | undefined>

export interface PanelWorld {
  client: pg.Client
  servers: readonly RunningServer[]
}

/** What somebody asked for cannot be done; the message says why. */
export class PanelError extends Error {}

/** By the value of `act` of a form. */
export const acts: ReadonlyMap<string, Act> = new Map<string, Act>([
  ['add', add],
  ['save', save],
  ['delete', remove],
  ['fail', fail],
  ['restore', restore],
  ['off', switchOff],
  ['on', switchOn],
  ['edit', editByHand],
])

async function add(form: URLSearchParams, { client }: PanelWorld): Promise<undefined> {
  await client.query('insert into site (domain, title, plan) values ($1, $2, $3)', [
    domainOf(form),
    form.get('title') ?? '',
    planOf(form),
  ])
}

async function save(form: URLSearchParams, { client }: PanelWorld): Promise<undefined> {
  const values = [idOf(form), domainOf(form), form.get('title') ?? '', planOf(form)]
  await client.query('update site set domain = $2, title = $3, plan = $4 where id = $1', values)
}

async function remove(form: URLSearchParams, { client }: PanelWorld): Promise<undefined> {
  await client.query('delete from site where id = $1', [idOf(form)])
}

/** The configuration's schema refuses such a name. */
async function fail(_form: URLSearchParams, { client }: PanelWorld): Promise<string> {
  await client.query(
    `insert into site (domain, title, plan) values ('../etc', 'Broken', 'pro')
     on conflict (domain) do update set title = site.title || '!'`,
  )
  return 'Committed. It does not fit the schema of the configuration: give the site a better domain here, and it stands.'
}

/** Rows that come with triggers off, as those of a restored dump do: nobody notices them. */
async function restore(_form: URLSearchParams, { client }: PanelWorld): Promise<string> {
  await client.query('begin')
  try {
    await client.query('set local session_replication_role = replica')
    await client.query(
      `insert into site (domain, title, plan)
       select 'restored-' || n || '.example', 'From a dump', 'business' from generate_series(1, 3) n
       on conflict (domain) do update set title = site.title || '!'`,
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
  return 'Three sites are in the database, and Orchestra was not told: make a plan, look at it, and apply it.'
}

async function switchOff(form: URLSearchParams, { servers }: PanelWorld): Promise<string> {
  const { name, sandbox } = serverOf(form, servers)
  await sandbox.off()
  return `${name} answers nobody any more. What is committed for it waits, and goes there once it is on again.`
}

async function switchOn(form: URLSearchParams, { servers }: PanelWorld): Promise<string> {
  const { name, sandbox } = serverOf(form, servers)
  await sandbox.on()
  return `${name} is back.`
}

/** As somebody does who logs in on a server at night. */
async function editByHand(form: URLSearchParams, { servers }: PanelWorld): Promise<string> {
  const { name, directory } = serverOf(form, servers)
  const pages = await readdir(join(directory, 'pages')).catch(() => [])
  const page = pages.filter((file) => file.endsWith('.html')).sort()[0]
  if (page === undefined) throw new PanelError(`There is no page on ${name} yet.`)
  await appendFile(join(directory, 'pages', page), '<p>Changed by hand, late at night.</p>\n')
  return `pages/${page} on ${name} is not what the database says any more: check the server to see it, and repair it.`
}

function serverOf(form: URLSearchParams, servers: readonly RunningServer[]): RunningServer {
  const name = form.get('server')
  const server = servers.find((one) => one.name === name)
  if (server === undefined) throw new PanelError('There is no such server.')
  return server
}

function domainOf(form: URLSearchParams): string {
  const domain = (form.get('domain') ?? '').trim()
  if (domain === '') throw new PanelError('A site needs a domain.')
  return domain
}

function planOf(form: URLSearchParams): string {
  const plan = plans.find((one) => one === form.get('plan'))
  if (plan === undefined) throw new PanelError(`The plan is one of ${plans.join(', ')}.`)
  return plan
}

function idOf(form: URLSearchParams): number {
  const id = Number(form.get('id'))
  if (!Number.isInteger(id)) throw new PanelError('There is no such site.')
  return id
}
