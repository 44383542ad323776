import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Machine, machine, render, type TestScript } from '../script/harness.ts'
import { otherFileSystem } from '../support/other-file-system.ts'

const far: string[] = []

afterEach(() => {
  for (const path of far.splice(0)) rmSync(path, { recursive: true, force: true })
})

/** Runs a script and kills it before its command of that number; false when it came to its end. */
async function killedBefore(server: Machine, script: TestScript, limit: number): Promise<boolean> {
  const path = join(server.directory, 'script')
  writeFileSync(path, render({ ...script, runId: randomUUID() }).text)
  const inTrash =
    '[[ $FUNCNAME == @(o_trash|o_find_trash|o_make_trash|o_register_trash|o_make_entry|o_into_trash) ]]'
  const count = `((BASH_SUBSHELL)) || ! ${inTrash} || ((++killer_count != killer_limit)) || kill -9 $$`
  const killer = `o_locale=unset; o_script=$(<"$0")$'\\n'; killer_limit=$1; set -T; trap '${count}' DEBUG; . "$0" 2>/dev/null`
  const env = { PATH: process.env.PATH ?? '', HOME: server.directory, ORCHESTRA_STATE: server.state }
  const child = spawn('bash', ['--noprofile', '--norc', '-c', killer, path, `${limit}`], {
    env,
    stdio: 'ignore',
  })
  const [, signal] = await once(child, 'close')
  return signal === 'SIGKILL'
}

function isWhole(home: string): boolean {
  const file = (name: string) => join(home, 'deep', name)
  return ['one', 'two'].every((name) => existsSync(file(name)) && readFileSync(file(name), 'utf8') === name)
}

function wholeEntries(trash: string): number {
  const own = join(trash, 'test')
  if (!existsSync(own)) return 0
  const entries = readdirSync(own)
    .map((id) => join(own, id, 'data'))
    .filter((data) => existsSync(data))
  expect(entries.every(isWhole)).toBe(true)
  return entries.length
}

test.for(['here', 'on another file system'])(
  'killed at any point, with the trash %s, all data is whole somewhere and the next script ends it',
  { timeout: 180_000 },
  async (where, { skip }) => {
    skip(where !== 'here' && otherFileSystem === undefined, 'there is no other file system')
    let killed = true
    for (let limit = 1; killed; limit += 1) {
      const server = machine()
      const root =
        where === 'here'
          ? join(server.state, 'trash')
          : mkdtempSync(join(otherFileSystem ?? '', 'orchestra-trash-'))
      if (where !== 'here') far.push(root)
      const home = join(server.directory, 'homes', 'ada')
      mkdirSync(join(home, 'deep'), { recursive: true })
      for (const name of ['one', 'two']) writeFileSync(join(home, 'deep', name), name)
      const options = where === 'here' ? {} : { directory: root }
      const script = {
        operations: [(s: import('../../src/script/index.ts').Script) => s.trash(home, options)],
      }
      killed = await killedBefore(server, script, limit)
      const kept = wholeEntries(root)
      expect(kept > 0 || isWhole(home), `killed before command ${limit}`).toBe(true)
      expect((await server.run(script)).outcomes()[0]).toMatch(/^ok/)
      expect(existsSync(home)).toBe(false)
      expect(readdirSync(join(server.directory, 'homes'))).toEqual([])
      expect(wholeEntries(root)).toBeGreaterThan(0)
    }
  },
)
