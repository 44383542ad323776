import { appendFile, chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { requestsBy } from '../../orchestra/src/operate/index.ts'
import { adoptable } from '../../orchestra/test/operate/world.ts'
import { until } from '../../orchestra/test/support/processes.ts'
import { describePostgres } from '../../orchestra/test/support/stores.ts'
import { spansOf, type UnitOperation } from '../src/screens/units/spans.ts'
import { A_WHILE, expectUsable, missing, shoot } from './browser.ts'
import { useSite } from './site.ts'

describe('the time of an operation', () => {
  const at = (second: number) => new Date(second * 1_000).toISOString()
  const spans = (operation: object) =>
    spansOf(
      { createdAt: at(2), startedAt: null, endedAt: null, ...operation } as UnitOperation,
      at(1),
      10_000,
    ).map(({ kind, from, to }) => [kind, from / 1_000, to / 1_000])

  it('is told from the change to the outcome, and what goes on ends now', () => {
    expect(spans({ state: 'done', startedAt: at(4), endedAt: at(5) })).toEqual([
      ['collecting', 1, 2],
      ['waiting', 2, 4],
      ['running', 4, 5],
    ])
    expect(spans({ state: 'running', startedAt: at(4) }).at(-1)).toEqual(['running', 4, 10])
    expect(spans({ state: 'waiting', startedAt: at(4) }).at(-1)).toEqual(['waiting', 2, 10])
    expect(spans({ state: 'superseded', endedAt: at(3) })).toEqual([
      ['collecting', 1, 2],
      ['waiting', 2, 3],
    ])
  })
})

describe.skipIf(missing)('in a browser', { timeout: A_WHILE }, () => {
  describePostgres('what is done', (open) => {
    const site = useSite(open, { ...adoptable, servers: ['web1', 'web2'] })
    const live = async () => {
      const { world } = site()
      await world.store.query(`insert into site (id, body) values (1, 'a'), (2, 'b'), (3, 'c')`)
      await world.work({
        doRequest: requestsBy({
          store: world.store,
          config: world.config,
          onError: (error) => world.errors.push(error),
        }),
      })
      await world.calm()
      return site()
    }
    const go = async (page: Page, path: string, heading: string) => {
      await page.goto(`${site().url}${path}`)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    }

    it('shows what hands changed by its cause, and puts it right', async () => {
      const { world, enter } = await live()
      const file = (id: number) => join(world.directory, 'web1/sites', String(id))
      for (const id of [1, 2]) await chmod(file(id), 0o666)
      await appendFile(file(3), 'by hand\n')
      const page = await enter('admin')
      await go(page, '/changes/syncs', 'Syncs')
      await page.getByText('None is at work').waitFor()
      await expectUsable(page, 'syncs')
      await page.getByRole('button', { name: 'Compare' }).click()
      await page.getByLabel('Server (leave empty: all)').fill('web1')
      await expectUsable(page, 'sync-start')
      await page.getByRole('button', { name: 'Check', exact: true }).click()
      await page.getByRole('link', { name: 'Found otherwise than it should be: 3' }).waitFor()
      await expectUsable(page, 'sync')
      await page.getByRole('link', { name: 'Found otherwise than it should be: 3' }).click()
      await page.locator('summary').filter({ hasText: 'sites/3' }).click()
      await page.getByText('by hand').waitFor()
      await expectUsable(page, 'findings')
      await page.getByRole('link', { name: 'By cause' }).click()
      await page.getByText('2 objects').waitFor()
      await page.getByText('What differs, of the first of them').last().click()
      await page.getByText('by hand').waitFor()
      await expectUsable(page, 'drift')
      await page.getByRole('button', { name: 'Repair' }).first().click()
      await page.getByText('2 would be written: site:1, site:2').waitFor()
      await shoot(page, 'repair')
      await page.getByRole('dialog').getByRole('button', { name: 'Repair' }).click()
      await page.getByRole('link', { name: 'Being written: 2' }).click()
      await page.getByText('2/2').waitFor()
      await expectUsable(page, 'unit')
      expect((await Promise.all([1, 2].map((id) => stat(file(id))))).map(({ mode }) => mode & 0o777)).toEqual(
        [0o644, 0o644],
      )
      expect(world.errors).toEqual([])
    })

    it('shows why something fails, and what can be done about it', async () => {
      const { world, enter, url } = await live()
      await world.store.query(`insert into site (id, body) values (4, 'fail')`)
      const page = await enter('admin')
      await go(page, '/units', 'Units of work')
      await page.getByTitle('fails').first().waitFor()
      await expectUsable(page, 'units')
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Why it failed' }).waitFor()
      await page.getByText('no such thing').last().waitFor()
      await page.getByRole('button', { name: /fails 2/ }).click()
      await page.waitForURL(/show=failing/)
      await expectUsable(page, 'unit-failing')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText(/^Tried again: \d$/).waitFor()
      await page.getByRole('link', { name: 'site:4' }).first().click()
      await page.getByRole('heading', { name: 'Why it is there' }).waitFor()
      await page.getByTitle('fails').first().waitFor()
      await page.getByRole('button', { name: 'Protect' }).click()
      await page.getByLabel('Why').fill('for the court')
      await page.getByRole('dialog').getByRole('button', { name: 'Protect' }).click()
      await page.getByText('May not be removed: admin, for the court').waitFor()
      await expectUsable(page, 'object')
      await page.getByRole('button', { name: 'End its protection' }).click()
      await page.getByText('May not be removed').waitFor({ state: 'detached' })
      await world.store.query(`update site set body = 'works' where id = 4`)
      await page.getByTitle('in step').nth(1).waitFor()
      await page.getByRole('link', { name: 'History' }).click()
      await page.getByTitle('failed').first().waitFor()
      await expectUsable(page, 'object-history')
      await page.getByRole('link', { name: 'Operations' }).click()
      await page.getByTitle('done').first().waitFor()
      await page.getByRole('link', { name: 'Differences' }).click()
      await page.getByText('The last look found it as it should be').waitFor()
      const viewer = await enter('viewer')
      await viewer.goto(`${url}/objects/site%3A4`)
      const forget = viewer.getByRole('button', { name: 'Forget' })
      await forget.focus()
      await viewer.getByText('You need the permission “forget” for that').waitFor()
      await viewer.keyboard.press('Enter')
      expect(await viewer.getByRole('dialog').count()).toBe(0)
      const other = await site().browse({
        locale: 'ca-ES',
        storageState: await page.context().storageState(),
      })
      await other.goto(`${url}/units`)
      await other.getByRole('heading', { name: 'Unitats de feina' }).waitFor()
    })

    it('does something to many, forgets, and adopts again', async () => {
      const { world, enter } = await live()
      const page = await enter('admin')
      await go(page, '/objects', 'Objects')
      await page.getByRole('link', { name: 'site:3' }).waitFor()
      await page.getByLabel('Filter').fill('server:web1')
      await page.getByLabel('Filter').press('Enter')
      await page.getByText('With all that fit:').waitFor()
      await expectUsable(page, 'objects')
      await page.getByRole('button', { name: 'Look again' }).click()
      await page.getByRole('dialog').getByText('site:3').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Look again' }).click()
      await page.getByRole('heading', { name: /Done to many/ }).waitFor()
      await page.getByRole('link', { name: 'site:3' }).waitFor()

      await go(page, '/objects/site%3A3', 'site:3')
      await page.getByRole('button', { name: 'Forget' }).click()
      await page.getByLabel('Where').selectOption('files web2')
      await shoot(page, 'forget')
      await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click()
      await page.getByText('Forgotten: 1').waitFor()
      await go(page, '/changes/adopt', 'Adopt')
      await page.getByLabel('Server', { exact: true }).fill('web2')
      await page.getByRole('button', { name: 'Look' }).click()
      await page.getByText('There, as their rows say (1)').waitFor()
      await expectUsable(page, 'adopt')
      await page.getByRole('button', { name: 'Adopt all' }).click()
      await page.getByText('Taken over as they are: 1.').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Adopt all' }).click()
      await page.getByText('Taken over: 1').waitFor()
      await until('it is placed again', async () => {
        const rows = await world.store.query(
          `select 1 from orchestra.placement where object_key = '3' and state = 'applied'`,
        )
        return rows.length === 2
      })
      expect(world.errors).toEqual([])
    })
  })
})
