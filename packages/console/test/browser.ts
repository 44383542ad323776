import { existsSync, mkdirSync, readFileSync } from 'node:fs'
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

/** Why what needs a browser is skipped. */
export const missing = existsSync(executablePath) ? null : 'chromium is not installed'
if (missing !== null && process.env.CI === 'true') throw new Error(`${missing}, and CI requires it`)

/** Milliseconds until something is to be seen: the machine may be busy. */
const PATIENCE = 60_000

/** Milliseconds of a test, which looks at many things one after the other. */
export const A_WHILE = 300_000

/** How things are looked at: light and dark, and on a phone. */
const looks = [
  ['light', 1_280],
  ['dark', 1_280],
  ['dark', 390],
] as const

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

/** What is seen now can be used by everybody, and fits the width of a phone; pictures of it are left for people to look at. */
export async function expectUsable(page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 850 })
    expect([name, colorScheme, width, await violationsOf(page)]).toEqual([name, colorScheme, width, []])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await shoot(page, `${name}-${colorScheme}-${width}`)
  }
  await page.setViewportSize({ width: 1_280, height: 850 })
}

/** For people to look at: `ORCHESTRA_SHOTS=/tmp/shots` says where. */
export async function shoot(page: Page, name: string): Promise<void> {
  const directory = process.env.ORCHESTRA_SHOTS
  if (directory === undefined) return
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true })
}
