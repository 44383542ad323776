import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addServer } from '../../orchestra/src/fleet/index.ts'
import { createConsole } from '../../orchestra/src/http/index.ts'
import { getServer, holdServer, recordPresentedKey } from '../../orchestra/src/server/index.ts'
import { askerOf } from '../../orchestra/test/operate/world.ts'
import { until } from '../../orchestra/test/support/processes.ts'
import { describePostgres } from '../../orchestra/test/support/stores.ts'
import type { World } from '../../orchestra/test/support/world.ts'
import { A_WHILE, expectUsable, missing, shoot, violationsOf } from './browser.ts'
import { type Site, useSite } from './site.ts'

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'
const presented = 'SHA256:'

/** Paths that lead to something else of the machine where names are joined to a directory. */
const hostile = [
  '/assets/../index.html',
  '/assets/..%2findex.html',
  '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
  '/assets/..%5c..%5cpackage.json',
  '/assets/%00',
  '/assets/__proto__',
  '/assets//etc/passwd',
]

describe.skipIf(missing)(
  `in a browser${missing === null ? '' : ` (${missing})`}`,
  { timeout: A_WHILE },
  () => {
    describePostgres('the console', (open) => {
      const site = useSite(open)
      let world: World
      let siteUrl: string
      const { enter, browse } = {
        enter: (...given: Parameters<Site['enter']>) => site().enter(...given),
        browse: (...given: Parameters<Site['browse']>) => site().browse(...given),
      }
      const closing: (() => unknown)[] = []
      beforeEach(() => {
        ;({ world, url: siteUrl } = site())
      })
      afterEach(async () => {
        await Promise.all(closing.splice(0).map((close) => close()))
      })

      /** Something of everything that the screens tell of. */
      const live = async () => {
        await world.store.query(`insert into site (id, body) values (1, 'a'), (2, 'b'), (3, 'c')`)
        await world.work()
        await world.calm()
        await holdServer(world.store, 'web2', { by: 'ana', reason: 'new disk' })
        await addServer(world.store, { name: 'web4', host: '203.0.113.7', by: 'test' })
        await recordPresentedKey(world.store, (await getServer(world.store, 'web4')).id, hostKey)
        await world.store.query(`insert into site (id, body) values (4, 'fail')`)
        await until('an incident tells of it', async () => {
          const [row] = await world.store.query('select 1 from orchestra.incident')
          return row !== undefined
        })
      }

      it('is one page at all its paths, which lets nothing run but its own', async () => {
        for (const path of ['/', '/servers', '/servers/web1', '/servers/web%2F1/drift?q=is%3Aheld']) {
          const response = await fetch(`${siteUrl}${path}`)
          expect([path, response.status]).toEqual([path, 200])
          expect(response.headers.get('cache-control')).toBe('no-store')
          const policy = response.headers.get('content-security-policy') ?? ''
          expect(policy).toContain("script-src 'self';")
          expect(policy).toContain("require-trusted-types-for 'script'")
          expect(policy).not.toContain('unsafe')
          const text = await response.text()
          const [, up = ''] = /<base href="([^"]*)">/.exec(text) ?? []
          expect(new URL(up, response.url).href).toBe(`${siteUrl}/`)
          expect(text).not.toMatch(/<script(?![^>]* src=)|style=|onload=/)
        }
        expect((await fetch(`${siteUrl}/api/v1/nothing`)).status).toBe(401)
        expect((await fetch(`${siteUrl}/nothing`)).status).toBe(401)
      })

      it('sends its files for good, and no other file of the machine', async () => {
        const page = await (await fetch(siteUrl)).text()
        const [script = ''] = /assets\/[\w-]+\.js/.exec(page) ?? []
        const response = await fetch(`${siteUrl}/${script}`, { headers: { 'accept-encoding': 'gzip' } })
        expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
        expect(response.headers.get('content-encoding')).toBe('gzip')
        expect(response.headers.get('cache-control')).toBe('public, immutable, max-age=31536000')
        const plain = await fetch(`${siteUrl}/${script}`, { headers: { 'accept-encoding': 'gzip;q=0' } })
        expect(plain.headers.get('content-encoding')).toBe(null)
        expect(await plain.text()).toBe(await response.text())
        for (const path of hostile) expect([path, await statusOf(path)]).toEqual([path, expect.any(Number)])
        expect(await Promise.all(hostile.map(statusOf))).not.toContain(200)
      })

      /** Without what a URL makes of dots before it is asked for. */
      const statusOf = (path: string) =>
        new Promise((resolve, reject) => {
          const { hostname, port } = new URL(siteUrl)
          request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
            .on('error', reject)
            .end()
        })

      it('ends when it is asked to, although a browser has opened a connection on which it asks nothing', async () => {
        const { hostname, port } = new URL(siteUrl)
        const socket = connect(Number(port), hostname)
        await once(socket, 'connect')
        // The server has it too, once it answers on one that came later.
        expect((await fetch(siteUrl)).status).toBe(200)
        const gone = once(socket, 'close')
        await site().listening.close()
        await gone
      })

      it('stands below whatever path an application gives it, for whom that lets in', async () => {
        const { store, config } = askerOf(world)
        const authorize = ({ headers }: { headers: Record<string, unknown> }) =>
          headers['x-person'] === 'ana' ? { name: 'ana', role: 'viewer' } : null
        const handler = await createConsole({ store, config }, { authorize, base: '/of/acme/orchestra' })
        const server = createServer(handler).listen(0, '127.0.0.1')
        closing.push(
          () => server.close().closeAllConnections(),
          () => handler.close(),
        )
        await new Promise((resolve) => server.once('listening', resolve))
        const below = `http://127.0.0.1:${(server.address() as AddressInfo).port}/of/acme/orchestra`
        for (const path of ['', '/', '/servers', '/servers/web1?q=a']) {
          const response = await fetch(`${below}${path}`, { headers: { 'x-person': 'ana' } })
          const [, up = ''] = /<base href="([^"]*)">/.exec(await response.text()) ?? []
          expect([path, new URL(up, response.url).href]).toEqual([path, `${below}/`])
          expect((await fetch(`${below}${path}`)).status).toBe(401)
        }
        const page = await browse({ extraHTTPHeaders: { 'x-person': 'ana' } })
        await page.goto(`${below}/servers`)
        await page.getByRole('link', { name: 'web3' }).click()
        await page.getByRole('heading', { name: 'web3' }).waitFor()
        expect(page.url()).toBe(`${below}/servers/web3`)
        expect(await page.getByRole('button', { name: 'Log out' }).count()).toBe(0)
      })

      it('lets somebody in by a link once, and takes it out of the address', async () => {
        const page = await enter('operator')
        expect(page.url()).toBe(`${siteUrl}/`)
        await page.getByRole('button', { name: 'Understood' }).click()
        await page.reload()
        await page.getByRole('heading', { name: 'Needs you' }).waitFor()
        expect(await page.getByText('New here?').count()).toBe(0)
        await page.getByRole('button', { name: 'Log out' }).click()
        await page.getByLabel('Password').waitFor()
        expect(await violationsOf(page)).toEqual([])
        await shoot(page, 'sign-in')
        await page.goto(`${siteUrl}/servers#link=${'x'.repeat(43)}`)
        await page.getByRole('alert').waitFor()
        const catalan = await browse({ locale: 'ca-ES' })
        await catalan.goto(siteUrl)
        await catalan.getByRole('button', { name: 'Inicia la sessió' }).waitFor()
      })

      it('has as many rows of many servers as can be seen, and leads through all of them', async () => {
        await world.store.query(
          `insert into orchestra.server (name, host, port, login, method)
       select 'many' || lpad(n::text, 4, '0'), '203.0.113.7', 22, 'root', 'ssh' from generate_series(1, 1000) as n`,
        )
        const page = await enter('viewer')
        const matrix = page.getByRole('region', { name: 'Servers and backends' })
        await matrix.getByRole('link', { name: 'many0001' }).waitFor()
        expect(await matrix.getByRole('row').count()).toBeLessThan(100)
        await matrix.press('End')
        await matrix.getByRole('link', { name: 'web2' }).waitFor()
        const filter = page.getByLabel('Filter')
        await page.keyboard.press('/')
        await filter.fill('server:many0500')
        await filter.press('Enter')
        await matrix.getByRole('link', { name: 'many0500' }).waitFor()
        expect(new URL(page.url()).searchParams.get('q')).toBe('server:many0500')
        expect(await matrix.getByRole('row').count()).toBe(2)
        await page.goto(`${siteUrl}/servers`)
        await page.getByText('1003 in all').or(page.getByText('1000 and more')).waitFor()
        await page.getByRole('button', { name: 'Next page' }).click()
        await page.getByRole('link', { name: 'many0101' }).waitFor()
      })

      it('shows what happens elsewhere as it happens, in all pages over one stream', async () => {
        const page = await enter('viewer')
        const other = await page.context().newPage()
        const streams: string[] = []
        for (const one of [page, other])
          one.on('request', (asked) => {
            if (asked.url().includes('/events/stream')) streams.push(asked.url())
          })
        await other.goto(`${siteUrl}/servers/web1`)
        await other.getByRole('heading', { name: 'web1' }).waitFor()
        await holdServer(world.store, 'web1', { by: 'ana', reason: 'new disk' })
        await other.getByText('Held by ana: new disk', { exact: true }).waitFor()
        await page.getByRole('cell', { name: 'ana: new disk' }).waitFor()
        expect(streams).toEqual([])
        await world.work()
        await world.store.query(`insert into site (id, body) values (4, 'fail')`)
        // Whether it fails or is tried again is otherwise at each look; what went wrong stays.
        await page.getByText('exit status 3: no such thing').first().waitFor()
        await world.store.query(`update site set body = 'works'`)
        await page.getByRole('row', { name: /web2/ }).getByTitle('in step').waitFor()
        // The one that read it is gone; the other goes on.
        await page.close()
        await holdServer(world.store, 'web1', { by: 'bo', reason: 'other disk' })
        await other.getByText('Held by bo: other disk', { exact: true }).waitFor()
        await site().listening.close()
        await other.getByText('Not connected since').waitFor()
        await other.getByText('Held by bo: other disk', { exact: true }).waitFor()
      })

      it('can be used by everybody, in the light, in the dark and on a phone', async () => {
        await live()
        const page = await enter('admin')
        await page.getByText('new disk').first().waitFor()
        await page.getByRole('link', { name: 'Compare' }).waitFor()
        await expectUsable(page, 'now')
        await page.goto(`${siteUrl}/servers`)
        await page.getByRole('link', { name: 'web4' }).waitFor()
        await expectUsable(page, 'servers')
        await page.goto(`${siteUrl}/servers/web4`)
        await page.getByLabel('What the server says of itself').waitFor()
        await expectUsable(page, 'key')
        await page.goto(`${siteUrl}/servers/web2`)
        await page.getByText('Held by ana: new disk', { exact: true }).waitFor()
        await page.getByText('site:4').waitFor()
        await expectUsable(page, 'server')
        await page.goto(`${siteUrl}/servers/web1/objects?q=is%3Anonsense`)
        await page.getByRole('alert').first().waitFor()
        await expectUsable(page, 'fault')
      })

      it('is steered by the keyboard alone: a server is found, held with a reason, and released', async () => {
        const page = await enter('operator')
        const { keyboard } = page
        await keyboard.press('g')
        await keyboard.press('s')
        await page.getByRole('heading', { name: 'Servers' }).waitFor()
        await page.getByRole('link', { name: 'web2' }).waitFor()
        await keyboard.press('j')
        await keyboard.press('j')
        await keyboard.press('Enter')
        await page.getByRole('heading', { name: 'web2' }).waitFor()
        await page.getByRole('button', { name: 'Hold' }).waitFor()
        await tabTo(page, 'Hold')
        await keyboard.press('Enter')
        await page.getByRole('dialog').waitFor()
        await shoot(page, 'hold')
        expect(await violationsOf(page)).toEqual([])
        await tabTo(page, 'Why')
        await keyboard.type('j is for jobs')
        await keyboard.press('Enter')
        await page.getByText('Held by operator: j is for jobs', { exact: true }).waitFor()
        expect((await getServer(world.store, 'web2')).held_reason).toBe('j is for jobs')
        await tabTo(page, 'Release')
        await keyboard.press('Enter')
        await page
          .getByText('Held by operator: j is for jobs', { exact: true })
          .waitFor({ state: 'detached' })
        expect((await getServer(world.store, 'web2')).held_at).toBe(null)
        await keyboard.press('Control+k')
        await page.getByRole('dialog').waitFor()
        await keyboard.type('web3')
        await page.getByRole('menuitem', { name: /web3/ }).waitFor()
        await shoot(page, 'palette')
        await keyboard.press('ArrowDown')
        await keyboard.press('Enter')
        await page.getByRole('heading', { name: 'web3' }).waitFor()
        await keyboard.press('?')
        await page.getByRole('dialog', { name: 'Keys' }).waitFor()
        await shoot(page, 'keys')
        await keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      })

      it('compares a host key before it is approved, and says to whom may not what he would need', async () => {
        await live()
        const viewer = await enter('viewer')
        await viewer.goto(`${siteUrl}/servers/web4`)
        const approve = (page: Page) => page.getByRole('button', { name: 'Approve this key' })
        await approve(viewer).focus()
        await viewer.getByText('You need the permission “key.approve” for that').waitFor()
        await viewer.keyboard.press('Enter')
        expect((await getServer(world.store, 'web4')).host_key).toBe(null)
        const page = await enter('admin')
        await page.goto(`${siteUrl}/servers/web4`)
        const typed = page.getByLabel('What the server says of itself')
        await typed.fill(`256 ${presented}nonsense root@web4 (ED25519)`)
        await page.getByText('It is not the same').first().waitFor()
        await approve(page).press('Enter')
        expect((await getServer(world.store, 'web4')).host_key).toBe(null)
        const seen = await page
          .getByText(/^SHA256:/)
          .first()
          .innerText()
        await typed.fill(`256 ${seen} root@web4 (ED25519)`)
        await page.getByText('It is the same').waitFor()
        await approve(page).press('Enter')
        await approve(page).waitFor({ state: 'detached' })
        expect((await getServer(world.store, 'web4')).host_key).toBe(hostKey)
      })
    })
  },
)

/** Goes on by Tab until what is asked for has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(
      '(document.activeElement?.labels?.[0] ?? document.activeElement)?.textContent?.trim()',
    )
    if (focused === name) return
  }
  throw new Error(`Tab leads to no ${name}`)
}
