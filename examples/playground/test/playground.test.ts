import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  freeBasePort,
  processesOf,
  type StartedPlayground,
  scratchDirectory,
  spawnPlayground,
  startPlayground,
  until,
} from './start.ts'

const patience = 60_000

describe('the playground', () => {
  let playground: StartedPlayground
  let scratch: Awaited<ReturnType<typeof scratchDirectory>>
  let port: number

  beforeAll(async () => {
    scratch = await scratchDirectory()
    port = await freeBasePort()
    playground = await startPlayground(scratch.directory, port)
  }, patience)

  afterAll(async () => {
    await playground.end('SIGKILL')
    await scratch.remove()
  })

  const insert = (domain: string, more: { title?: string; body?: string; plan?: string } = {}) =>
    playground.query('insert into site (domain, title, body, plan) values ($1, $2, $3, $4)', [
      domain,
      more.title ?? '',
      more.body ?? '',
      more.plan ?? 'free',
    ])
  const status = async (server: string, host: string) => (await playground.get(server, host)).status
  const shows = (server: string, host: string, text: string) =>
    until(`${host} on ${server} shows ${text}`, async () =>
      (await playground.get(server, host)).body.includes(text),
    )
  const gone = (server: string, host: string) =>
    until(`${host} is gone from ${server}`, async () => (await status(server, host)) === 404)

  it('begins with sites that are served already, each where its plan puts it', async () => {
    await shows('north', 'garden.example', 'The garden')
    await shows('south', 'bakery.example', 'Bread &amp; butter')
    await shows('east', 'harbour.example', 'Harbour &lt;museum&gt;')
    expect(await status('south', 'garden.example')).toBe(404)
    expect(await status('east', 'bakery.example')).toBe(404)
  })

  it('says in playground.json where the database and the servers are', () => {
    expect(playground.ready).toEqual({
      databaseUrl: expect.stringMatching(`^postgresql://postgres:[\\w-]{32}@127.0.0.1:${port}/postgres$`),
      psqlUrl: expect.stringMatching(
        `^postgresql://postgres@127.0.0.1:${port}/postgres\\?passfile=.*pgpass$`,
      ),
      api: {
        url: `http://127.0.0.1:${port + 4}/api/v1`,
        page: expect.stringMatching(`^http://127.0.0.1:${port + 4}/#link=[\\w-]{43}$`),
      },
      panel: `http://localhost:${port + 5}/`,
      servers: ['north', 'south', 'east'].map((name, index) => ({
        name,
        sshPort: port + 1 + index,
        url: `http://localhost:${port + 11 + index}/`,
      })),
    })
  })

  it('offers the API, and lets whoever started it in, once', async () => {
    const { url, page } = playground.ready.api ?? { url: '', page: '' }
    expect(playground.output()).toContain(page)
    const [, link] = page.split('#link=')
    const headers = { 'content-type': 'application/json' }
    const enter = () =>
      fetch(`${url}/session/link`, { method: 'POST', headers, body: JSON.stringify({ link }) })
    const entered = await enter()
    expect([entered.status, (await enter()).status]).toEqual([200, 401])
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    const servers = (await (await fetch(`${url}/servers`, { headers: { cookie } })).json()) as {
      items: object[]
    }
    expect(servers.items.map((one) => 'name' in one && one.name).toSorted()).toEqual([
      'east',
      'north',
      'south',
    ])
    expect((await fetch(`${url}/servers`)).status).toBe(401)
    expect(await (await fetch(new URL('/', url))).text()).toContain('id="root"')
  })

  it('serves a site that any program inserts, and shows the unit, the scripts and the outcome', async () => {
    await insert('new.example', { title: 'New', body: 'first', plan: 'pro' })
    await shows('north', 'new.example', 'first')
    await shows('south', 'new.example.localhost', 'first')
    await until('the view tells it', () =>
      /save site:\d+ new\.example → north pages, south pages, east catalogue/.test(playground.output()),
    )
    await until('the view tells the outcome', () =>
      /✔ south +pages +script \d+ SUCCESS in \d+ ms: save site:\d+ new\.example/.test(playground.output()),
    )
  })

  it('leaves nothing under an old domain', async () => {
    await insert('before.example', { body: 'same body' })
    await shows('north', 'before.example', 'same body')
    await playground.query(`update site set domain = 'after.example' where domain = 'before.example'`)
    await shows('north', 'after.example', 'same body')
    expect(await status('north', 'before.example')).toBe(404)
  })

  it('puts a site on more servers when its plan grows, and takes it away when it shrinks', async () => {
    await insert('grows.example', { body: 'growing' })
    await shows('north', 'grows.example', 'growing')
    await playground.query(`update site set plan = 'business' where domain = 'grows.example'`)
    for (const server of ['south', 'east']) await shows(server, 'grows.example', 'growing')
    await playground.query(`update site set plan = 'free', body = 'shrunk' where domain = 'grows.example'`)
    await shows('north', 'grows.example', 'shrunk')
    for (const server of ['south', 'east']) await gone(server, 'grows.example')
    await playground.query(`delete from site where domain = 'grows.example'`)
    for (const server of ['north', 'south', 'east']) await gone(server, 'grows.example')
  })

  it('follows aliases as they come and go', async () => {
    await insert('main.example', { body: 'reached by many names' })
    await playground.query(
      `insert into site_alias (site_id, domain) select id, 'other.example' from site where domain = 'main.example'`,
    )
    await shows('north', 'other.example', 'reached by many names')
    await playground.query(`delete from site_alias where domain = 'other.example'`)
    await gone('north', 'other.example')
    await shows('north', 'main.example', 'reached by many names')
  })

  it('shows whatever a title and a body hold as text', async () => {
    const title = `</h1><script>alert("'$(id)\`id\`")</script>\n{{7*7}} \\ ünï 💥`
    await insert('hostile.example', { title, body: `${title}\r\n%s ;rm -rf / #` })
    await shows('north', 'hostile.example', '&lt;script&gt;alert(&quot;&#39;$(id)`id`&quot;)&lt;/script&gt;')
    const { body } = await playground.get('north', 'hostile.example')
    expect(body).not.toContain('<script>')
    expect(body).toContain('{{7*7}} \\ ünï 💥')
    expect(body).toContain('%s ;rm -rf / #')
  })

  it.each(['../../escape', 'a/b', "it's", 'new\nline', '"quoted"', '-rf', '', '.', '$(id)', 'x'.repeat(300)])(
    'refuses the domain %j by name, and goes on with the others',
    async (domain) => {
      const [row] = await playground.query<{ id: number }>(
        'insert into site (domain) values ($1) returning id',
        [domain],
      )
      await until('the view names it', () =>
        playground.output().includes(`✘ site:${row?.id} does not fit its schema: domain: `),
      )
      await playground.query('delete from site where id = $1', [row?.id])
      await playground.query(`update site set body = $1 where domain = 'garden.example'`, [
        `after ${row?.id}`,
      ])
      await shows('north', 'garden.example', `after ${row?.id}`)
    },
  )

  it('lists its sites to who asks without a name, and helps who asks for a wrong one', async () => {
    const overview = await playground.get('north', `localhost:${port + 11}`)
    expect(overview.status).toBe(200)
    expect(overview.body).toContain(`href="http://garden.example.localhost:${port + 11}/"`)
    const wrong = await playground.get('north', 'nobody.example')
    expect(wrong.status).toBe(404)
    expect(wrong.body).toContain('garden.example')
    expect((await playground.get('north', 'garden.example', '/../../etc/passwd')).status).toBe(404)
  })

  it('keeps a catalogue of all sites on one server', async () => {
    await until('the catalogue has it', async () =>
      (await playground.get('east', 'localhost', '/catalogue.txt')).body.includes('bakery.example\tpro\t'),
    )
  })

  const press = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(playground.ready.panel, { method: 'POST', body: new URLSearchParams(form), headers })
  const said = async (answer: Response) => /role="status" class="(\w+)">([^<]*)</.exec(await answer.text())

  it('has a panel that commits sites as any program does', async () => {
    await press({ act: 'add', domain: 'panel.example', title: '<b>From the panel', plan: 'pro' })
    for (const server of ['north', 'south']) await shows(server, 'panel.example', '&lt;b&gt;From the panel')
    expect(await (await fetch(playground.ready.panel)).text()).toContain('value="&lt;b&gt;From the panel"')
    const [site] = await playground.query<{ id: number }>(
      `select id from site where domain = 'panel.example'`,
    )
    await press({ act: 'delete', id: String(site?.id) })
    for (const server of ['north', 'south']) await gone(server, 'panel.example')
  })

  it('says in the panel what cannot be done, and lets no other page press its buttons', async () => {
    const taken = await press({ act: 'add', domain: 'garden.example', plan: 'free' })
    expect(taken.status).toBe(422)
    expect(await said(taken)).toMatchObject({ 1: 'bad', 2: expect.stringContaining('site_domain_key') })
    for (const form of [
      {},
      { act: 'off' },
      { act: 'off', server: 'west' },
      { act: 'delete', id: 'x' },
      { act: 'add', domain: ' ', plan: 'free' },
      { act: 'add', domain: 'a.example', plan: 'none' },
      { act: 'add', domain: 'x'.repeat(100_000) },
    ] as Record<string, string>[])
      expect((await press(form)).status, JSON.stringify(form).slice(0, 80)).toBe(422)
    expect(
      (await press({ act: 'off', server: 'north' }, { origin: 'http://elsewhere.example' })).status,
    ).toBe(403)
    expect((await playground.get('north', 'garden.example')).status).toBe(200)
  })

  it('has a plug for each server, and what was committed meanwhile goes there afterwards', async () => {
    await press({ act: 'off', server: 'south' })
    expect(await listens(port + 2)).toBe(false)
    await insert('unplugged.example', { plan: 'pro', body: 'late' })
    await shows('north', 'unplugged.example', 'late')
    await until('the view tells it', () => playground.output().includes('unreachable: south'))
    expect(await status('south', 'unplugged.example')).toBe(404)
    await press({ act: 'on', server: 'south' })
    await until('it converges', async () => (await status('south', 'unplugged.example')) === 200, patience)
  })

  it('changes a page by hand, and restores rows of which nobody hears', async () => {
    expect(await said(await press({ act: 'edit', server: 'north' }))).toMatchObject({ 1: 'good' })
    await shows('north', 'garden.example', 'Changed by hand')
    await press({ act: 'restore' })
    expect(await playground.query(`select from site where domain like 'restored-%'`)).toHaveLength(3)
    await insert('after-restored.example')
    await shows('north', 'after-restored.example', '')
    await until('later rows stand', async () => (await status('north', 'after-restored.example')) === 200)
    expect(await status('north', 'restored-1.example')).toBe(404)
    await press({ act: 'fail' })
    await until('it fails', () => /site:\d+ does not fit its schema/.test(playground.output()))
    await playground.query(`delete from site where domain like 'restored-%' or domain = '../etc'`)
  })

  it('refuses a second start in the same directory, and one on the same ports', async () => {
    const sameDirectory = spawnPlayground([
      '--directory',
      scratch.directory,
      '--port',
      String(await freeBasePort()),
    ])
    await until('it ends', () => sameDirectory.child.exitCode !== null)
    expect(sameDirectory.child.exitCode).toBe(1)
    expect(sameDirectory.output()).toContain(`has ${scratch.directory} open`)
    const other = await scratchDirectory()
    const samePorts = spawnPlayground(['--directory', other.directory, '--port', String(port)])
    await until('it ends', () => samePorts.child.exitCode !== null)
    expect(samePorts.output()).toContain(`Port ${port} is taken`)
    expect(samePorts.output()).toContain('--port')
    await other.remove()
    await shows('north', 'garden.example', 'The garden')
  })

  it(
    'finds its data again after kill -9, and does what was committed meanwhile',
    async () => {
      await insert('survivor.example', { body: 'still here' })
      await playground.end('SIGKILL')
      playground = await startPlayground(scratch.directory, port)
      await until('it converges', async () => (await status('north', 'survivor.example')) === 200, 40_000)
      await insert('later.example', { body: 'works again' })
      await shows('north', 'later.example', 'works again')
    },
    patience,
  )

  it(
    'ends with Ctrl-C, leaves no process and no port behind, and starts again on other ports',
    async () => {
      expect(await playground.end('SIGINT')).toBe(0)
      expect(existsSync(join(scratch.directory, 'playground.json'))).toBe(false)
      expect(await processesOf(scratch.directory)).toEqual([])
      for (const offset of [0, 1, 2, 3, 4, 5, 11, 12, 13]) expect(await listens(port + offset)).toBe(false)
      port = await freeBasePort()
      playground = await startPlayground(scratch.directory, port)
      await playground.query(`update site set body = 'moved ports' where domain = 'harbour.example'`)
      for (const server of ['north', 'south', 'east']) await shows(server, 'harbour.example', 'moved ports')
    },
    patience,
  )

  it(
    'ends with SIGTERM while scripts run',
    async () => {
      await playground.query(
        `insert into site (domain, body) select 'bulk-' || i || '.example', 'bulk' from generate_series(1, 500) as i`,
      )
      expect(await playground.end('SIGTERM')).toBe(0)
      expect(await processesOf(scratch.directory)).toEqual([])
      playground = await startPlayground(scratch.directory, port)
      const hosts = join(scratch.directory, 'playground/north/hosts')
      const count = async () =>
        (await playground.query<{ n: number }>('select count(*)::int as n from site'))[0]?.n
      await until('all are there', async () => (await readdir(hosts)).length === (await count()), 40_000)
    },
    patience,
  )
})

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
