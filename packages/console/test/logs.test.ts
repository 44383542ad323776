import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { describePostgres } from '../../orchestra/test/support/stores.ts'
import type { World } from '../../orchestra/test/support/world.ts'
import { readLineRange, writeLineRange } from '../src/screens/logs/line-range.ts'
import { Rows, type Section, sectionOf } from '../src/screens/logs/rows.ts'
import { piecesOf, plainLine } from '../src/screens/logs/text.ts'
import { A_WHILE, expectUsable, missing } from './browser.ts'
import { useSite } from './site.ts'

describe('a line of a log', () => {
  it('is what a terminal would have shown in the end', () => {
    expect(plainLine('10 %\r55 %\r100 %\r')).toBe('100 %')
    expect(plainLine('downloading\rdone')).toBe('doneloading')
    expect(plainLine('\x1b[32mok\x1b[0m 1\r\x1b[31mbad\x1b[0m')).toBe('bad')
    expect(plainLine('same\r')).toBe('same')
  })

  it('does nothing of what it orders, and hides nothing of what it has', () => {
    expect(plainLine('\x1b]8;;https://evil.example\x07here\x1b]8;;\x07')).toBe('here')
    expect(plainLine('\x1b]0;title\x1b\\\x1b[2J\x1b[10;10H\x1b[Kleft')).toBe('left')
    expect(plainLine('\x1bPq#0~\x1b\\sixel')).toBe('sixel')
    expect(plainLine('a\u202eb\u2066c\x00\x07')).toBe('a\\u202eb\\u2066c\\u0000\\u0007')
    expect(plainLine('<img src=x onerror=alert(1)>\ttab')).toBe('<img src=x onerror=alert(1)>\ttab')
  })

  it('has the colours that it was given, as those that can be read', () => {
    const tones = (text: string) => piecesOf(text).map((piece) => [piece.text, piece.tone])
    expect(tones('\x1b[31mred\x1b[0m plain \x1b[1;92mgreen\x1b[0m')).toEqual([
      ['red', 'red'],
      [' plain ', null],
      ['green', 'green'],
    ])
    expect(tones('\x1b[38;5;27mblue\x1b[38;2;255;0;255mpink')).toEqual([
      ['blue', 'blue'],
      ['pink', 'magenta'],
    ])
    expect(piecesOf('\x1b[1mbold')[0]).toMatchObject({ text: 'bold', isBold: true, tone: null })
  })
})

describe('the rows of a log', () => {
  const section = (position: number | null, from: number | null, to: number | null): Section => ({
    ...{ position, from, to, operation: position, action: 'save', object: `site:${position}`, bytes: 0 },
    ...{ outcome: 'success', changed: true, error: null, startedAt: null, endedAt: null },
  })
  const shown = (rows: Rows) =>
    [...Array(rows.count).keys()].map((row) => {
      const what = rows.at(row)
      return what?.kind === 'section' ? `head ${what.section.position}` : what?.line
    })

  it('are the heads of its operations, and the lines of those that are open', () => {
    const sections = [section(null, 1, 9), section(0, 2, 4), section(1, 4, 5), section(2, null, null)]
    const rows = new Rows(sections, new Set([0]), 9)
    expect(shown(rows)).toEqual([1, 'head 0', 2, 3, 4, 'head 1', 'head 2', 6, 7, 8, 9])
    expect(shown(new Rows(sections, new Set([0, 1]), 9))).toEqual([
      1,
      'head 0',
      2,
      3,
      4,
      'head 1',
      5,
      'head 2',
      6,
      7,
      8,
      9,
    ])
    expect(rows.rowOf(3)).toBe(3)
    expect(rows.rowOf(9)).toBe(10)
    expect(rows.at(rows.rowOf(5))).toMatchObject({ kind: 'section', section: { position: 1 } })
    expect([rows.headFrom(0, 1), rows.headFrom(1, 1), rows.headFrom(6, -1), rows.headFrom(1, -1)]).toEqual([
      1,
      5,
      5,
      undefined,
    ])
    expect(sectionOf(sections, 5)?.position).toBe(1)
    expect(sectionOf(sections, 8)).toBe(undefined)
  })

  it('cost nothing for what is folded, however much that is', () => {
    const rows = new Rows(
      [section(0, 1, 10_000_000), section(1, 10_000_001, 20_000_000)],
      new Set([1]),
      20_000_001,
    )
    expect(rows.count).toBe(10_000_003)
    expect(rows.at(2)).toEqual({ kind: 'line', line: 10_000_001 })
    expect(rows.rowOf(20_000_001)).toBe(10_000_002)
  })

  it('are empty where nothing was printed, and are pointed at by what an address says', () => {
    expect(new Rows([], new Set(), 0).count).toBe(0)
    expect(new Rows([], new Set(), 0).at(0)).toBe(undefined)
    expect(readLineRange('#L118-124')).toEqual({ from: 118, to: 124 })
    expect(readLineRange('L124-L118')).toEqual({ from: 118, to: 124 })
    expect(['', 'L0', 'Lx', 'link=abc', 'L9999999999999'].map(readLineRange)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
    expect([writeLineRange({ from: 1, to: 1 }), writeLineRange({ from: 1, to: 2 })]).toEqual(['L1', 'L1-2'])
  })
})

/** Bytes of a line, and lines of a chunk: 1,600 of them are more than 100 MB. */
const [LINE, LINES, CHUNKS] = [100, 650, 1_600]

describe.skipIf(missing)('in a browser', { timeout: A_WHILE }, () => {
  describePostgres('a log', (open) => {
    const site = useSite(open, { servers: ['web1'] })

    /** A log of three objects, of which nothing is known to be printed; `print` adds to it, as a worker does. */
    const begin = async () => {
      const { world } = site()
      await world.store.query(`insert into site (id, body) values (1, 'a'), (2, 'b'), (3, 'c')`)
      await world.work()
      await world.calm()
      await world.stopWorkers()
      await world.store.query(`delete from orchestra.log_chunk where log_id = 1`)
      const counted = { sequence: 0, bytes: 0, lines: 0 }
      return async (position: number, text: string, stream = 1) => {
        await world.store.query(
          `insert into orchestra.log_chunk (log_id, sequence, stream, position, data, byte_at, line_at, stream_byte_at, stream_line_at)
           values (1, $1, $2, $3, $4, $5, $6, $5, $6)`,
          [counted.sequence++, stream, position, Buffer.from(text), counted.bytes, counted.lines],
        )
        counted.bytes += Buffer.byteLength(text)
        counted.lines += text.split('\n').length - 1
        await world.store.query(`select pg_notify('orchestra_log', '1')`)
      }
    }
    const reopen = (world: World) =>
      world.store.query(`update orchestra.log set ended_at = null, state = 'STARTED' where id = 1`)
    const end = async (world: World) => {
      await world.store.query(`update orchestra.log set ended_at = now(), state = 'SUCCESS' where id = 1`)
      await world.store.query(`select pg_notify('orchestra_log', '1')`)
    }
    const output = (page: Page) => page.getByRole('region', { name: 'Output' })
    const line = (page: Page, text: string) => output(page).getByText(text, { exact: true })
    const numbered = (from: number, to: number) =>
      [...Array(to - from + 1).keys()].map((at) => `line ${from + at}\n`).join('')
    const topOf = (page: Page) =>
      page.evaluate(`document.querySelector('section[aria-label=Output]').scrollTop`)

    it('is followed as it grows, moves below nobody, and keeps what is selected', async () => {
      const { world, enter, url } = site()
      const print = await begin()
      await reopen(world)
      await print(0, 'first\n')
      await print(1, numbered(2, 400))
      const page = await enter('operator')
      await page.goto(`${url}/logs/1`)
      await line(page, 'line 400').waitFor()
      // Of the operation before only the head is there, until somebody opens it.
      expect(await line(page, 'first').count()).toBe(0)
      await print(1, `progress 10%\rprogress 100%\n\x1b[31mred\x1b[0m <b>bold</b>\n`, 2)
      await line(page, 'progress 100%').waitFor()
      await output(page).getByText('<b>bold</b>').waitFor()
      expect(await output(page).locator('[data-tone=red]').innerText()).toBe('red')
      expect(await output(page).locator('b').count()).toBe(0)
      // A line that has no end yet is there all the same.
      await print(1, 'Password: ')
      await line(page, 'Password:').waitFor()
      await print(1, 'given\n')
      await line(page, 'Password: given').waitFor()

      const follow = page.getByRole('button', { name: 'Follow' })
      expect(await follow.getAttribute('aria-pressed')).toBe('true')
      await output(page).focus()
      await page.keyboard.press('PageUp')
      await page.keyboard.press('PageUp')
      await page.getByRole('button', { name: 'Follow', pressed: false }).waitFor()
      const before = await topOf(page)
      await print(1, numbered(404, 500))
      await page.getByRole('button', { name: '97 new' }).click()
      await line(page, 'line 500').waitFor()
      expect(await topOf(page)).not.toBe(before)

      await page.evaluate(`{
        const texts = [...document.querySelectorAll('[data-row] [data-text]')].filter((one) => /line 49[0-5]/.test(one.textContent))
        getSelection().setBaseAndExtent(texts[0].firstChild, 2, texts[2].firstChild, 6)
      }`)
      const selected = String(await page.evaluate('String(getSelection())'))
      expect(selected).toContain('line 491')
      const held = await topOf(page)
      await print(1, numbered(501, 900))
      await page.getByRole('button', { name: '400 new' }).waitFor()
      expect(await topOf(page)).toBe(held)
      expect(await page.evaluate('String(getSelection())')).toBe(selected)
      await page.evaluate('getSelection().removeAllRanges()')
      await line(page, 'line 900').waitFor()

      await end(world)
      await follow.waitFor({ state: 'detached' })
      await page.getByText('900 lines').waitFor()
      expect(world.errors).toEqual([])
    })

    it('is linked to by its lines, and folded by its operations', async () => {
      const { enter, url } = site()
      const print = await begin()
      await print(0, numbered(1, 300))
      await print(1, numbered(301, 302))
      await print(2, `${numbered(303, 310)}<script>document.title = 'x'</script>\n`)
      const page = await enter('viewer')
      await page.goto(`${url}/logs/1`)
      await line(page, 'line 310').waitFor()
      await expectUsable(page, 'log')
      expect(await page.title()).toBe('Log 1 · Orchestra')
      const head = page.getByRole('button', { name: 'save site:1' })
      expect(await head.getAttribute('aria-expanded')).toBe('false')
      await page.goto(`${url}/logs/1#L150-152`)
      await page.reload()
      await line(page, 'line 151').waitFor()
      expect(await output(page).locator('[data-pointed]').count()).toBe(3)
      expect(await head.getAttribute('aria-expanded')).toBe('true')
      await output(page)
        .getByRole('link', { name: '153', exact: true })
        .click({ modifiers: ['Shift'] })
      await page.waitForURL(`${url}/logs/1#L150-153`)
      await page.keyboard.press('t')
      await page.waitForURL(/times=true/)
      await page.keyboard.press('w')
      await page.waitForURL(/wrap=true/)
      await output(page).locator('time').first().waitFor()
      await head.click()
      await line(page, 'line 151').waitFor({ state: 'detached' })
      await page.getByRole('link', { name: 'Operations' }).click()
      await page.getByRole('link', { name: 'site:2' }).waitFor()
      await expectUsable(page, 'log-operations')
      await page.goto(`${url}/logs/1/script`)
      await page.getByText('You need the permission').or(page.getByText('script.read')).first().waitFor()
    })

    it('has 100 MB, of which what is looked at is loaded, and all is searched', async () => {
      const { world, enter, url } = site()
      await begin()
      await world.store.query(
        `insert into orchestra.log_chunk (log_id, sequence, stream, position, data, byte_at, line_at, stream_byte_at, stream_line_at)
         select 1, chunk, 1, 0, convert_to(string_agg(lpad((chunk * $1 + line + 1)::text, 8, '0') || ' ' || repeat('x', $2) || chr(10), ''
           order by line), 'UTF8'), chunk * $1 * ($2 + 10), chunk * $1, chunk * $1 * ($2 + 10), chunk * $1
         from generate_series(0, $3 - 1) as chunk, generate_series(0, $1 - 1) as line group by chunk`,
        [LINES, LINE - 10, CHUNKS],
      )
      const asked: string[] = []
      const page = await enter('operator')
      page.on('response', (response) => asked.push(response.url()))
      await page.goto(`${url}/logs/1`)
      const lines = LINES * CHUNKS
      const numberOf = (n: number) => output(page).getByRole('link', { name: String(n), exact: true })
      await numberOf(lines).waitFor()
      expect(await output(page).locator('[data-row]').count()).toBeLessThan(200)
      expect(asked.filter((one) => one.includes('/lines')).length).toBeLessThan(10)
      await output(page).focus()
      await page.keyboard.press('g')
      await output(page)
        .getByText(/^00000001 /)
        .waitFor()
      await page.keyboard.press('Control+f')
      await page.keyboard.type('00777777 x')
      await page.keyboard.press('Enter')
      await page.getByText('1/1', { exact: true }).waitFor()
      await output(page)
        .getByText(/^00777777 /)
        .waitFor()
      await page.getByLabel('Find in the output').fill('0000 x')
      await page.keyboard.press('Enter')
      await page.getByText('1/104', { exact: true }).waitFor()
      await page.getByLabel('Find in the output').blur()
      await page.keyboard.press('N')
      await page.getByText('104/104', { exact: true }).waitFor()
      await output(page)
        .getByText(/^01040000 /)
        .waitFor()
      await page.keyboard.press('n')
      await page.getByText('1/104', { exact: true }).waitFor()
      await output(page)
        .getByText(/^00010000 /)
        .waitFor()
      await page.goto(`${url}/logs/1#L500000`)
      await page.reload()
      await output(page)
        .getByText(/^00500000 /)
        .waitFor()
      expect(await output(page).locator('[data-row]').count()).toBeLessThan(200)
      const href = await page.getByRole('link', { name: 'Download' }).getAttribute('href')
      const part = await page.request.get(new URL(href ?? '', url).href, { headers: { range: 'bytes=-200' } })
      expect([part.status(), part.headers()['content-disposition']]).toEqual([
        206,
        'attachment; filename="log-1.txt"',
      ])
    })
  })
})
