import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend } from '../../src/config/backend.ts'
import { defineBackend } from '../../src/index.ts'
import { sh } from '../../src/script/index.ts'
import { Site, type World } from '../support/world.ts'

/**
 * One file with a line for each site. The check refuses it while a line has the word `bad`; the body `throw` cannot be written.
 * Each reload adds a line to `reloads`.
 */
export const lines: Backend = defineBackend({
  name: 'lines',
  model: Site,
  identity: (site) => site.domain,
  sync(script, objects) {
    script.directory('conf')
    script.file('conf/all', ['# sites\n', objects.map(lineOf)], {
      check: sh`if grep -n bad conf/all; then exit 1; fi`,
    })
    script.reload('lines', { command: sh`echo reloaded >>reloads` })
  },
})

export function lineOf(site: { id: number; domain: string; body: string }): string {
  if (site.body === 'throw') throw new Error(`site ${site.id} has no form`)
  return `${site.id} ${site.domain} ${site.body}\n`
}

/** What the file holds, its lines in order; null when there is none. */
export async function linesOf(world: World, server = 'here'): Promise<string[] | null> {
  const text = await readFile(join(world.directory, server, 'conf/all'), 'utf8').catch(() => null)
  return text === null ? null : text.split('\n').slice(1, -1).sort()
}

export async function reloadsOf(world: World, server = 'here'): Promise<number> {
  const text = await readFile(join(world.directory, server, 'reloads'), 'utf8').catch(() => '')
  return text.split('\n').length - 1
}

export async function logsOf(world: World): Promise<{ id: number; state: string; error: string | null }[]> {
  return world.store.query('select id, state, error from orchestra.log order by id')
}
