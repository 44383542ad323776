import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readMetrics } from '../../src/metrics/index.ts'
import { describeStores } from '../support/stores.ts'

const directory = join(import.meta.dirname, '../../../../examples/monitoring')

function promtool(...words: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: directory, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

it('the alert rules are what Prometheus takes', { timeout: 60_000 }, () => {
  expect(promtool('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 })
})

it('the alert rules fire when they should, and say nothing on a good day', { timeout: 60_000 }, () => {
  const { status, said } = promtool('test', 'rules', 'alerts.test.yml')
  expect(status, said).toBe(0)
})

/** What an expression names of ours. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\borchestra_\w+/g) ?? [])]
}

describeStores('dashboard and alert rules', (open) => {
  it('name metrics that there are', { timeout: 60_000 }, async () => {
    const known = (await readMetrics(await open(), { waitingApprovals: 0 })).map(({ name }) => name)
    const { panels } = JSON.parse(readFileSync(join(directory, 'dashboard.json'), 'utf8')) as {
      panels: { targets: { expr: string }[] }[]
    }
    const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr)))
    const rules = readFileSync(join(directory, 'alerts.yml'), 'utf8')
    const asked = [...rules.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].flatMap((found) =>
      namesIn(found.slice(1).join(' ')),
    )
    expect(shown.length).toBeGreaterThan(10)
    expect(asked.length).toBeGreaterThan(8)
    expect([...shown, ...asked].filter((name) => !known.includes(name))).toEqual([])
  })
})
