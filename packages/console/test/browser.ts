import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

/** Debian's; nothing is fetched. */
const executablePath = '/usr/bin/chromium'
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Milliseconds until something is to be seen: the machine may be busy. */
const PATIENCE = 60_000

/** One browser for a file; each test has pages of its own, of which none may have complained. */
export function useBrowser(): (options?: BrowserContextOptions) => Promise<Page> {
  let browser: Browser
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags })
  }, 180_000)
  afterAll(() => browser.close())
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
    expect(complaints.splice(0)).toEqual([])
  })
  return async (options = {}) => {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Madrid', ...options })
    context.setDefaultTimeout(PATIENCE)
    const page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // An answer that is no good is shown to whoever asked; a browser tells of it too.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text())
    })
    return page
  }
}

const axe = createRequire(import.meta.url).resolve('axe-core')

/** What keeps somebody from using what is seen, as axe finds it. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Said to the browser itself: the page lets no script in that is not its own.
  await page.evaluate(readFileSync(axe, 'utf8'))
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as AxeResults
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}

/** For people to look at: `ORCHESTRA_SHOTS=/tmp/shots` says where. */
export async function shoot(page: Page, name: string): Promise<void> {
  const directory = process.env.ORCHESTRA_SHOTS
  if (directory === undefined) return
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true })
}
