import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

test('a script makes what its steps say, and the second time changes nothing', async () => {
  const { directory, run } = machine()
  const at = (path: string) => join(directory, path)
  const script = {
    operations: [1, 2, 3].map((n) => (s: import('../../src/script/index.ts').Script) => {
      s.directory(at(`site${n}`), { mode: '0750' })
      s.file(at(`site${n}/index.html`), `page ${n}\n\n`)
      s.file(at(`conf/${n}.conf`), `conf ${n}`, { mode: '640' })
      s.symlink(at(`link${n}`), `site${n}`)
      s.run(sh`touch ${at(`ready${n}`)}`, { unless: sh`test -e ${at(`ready${n}`)}` })
    }),
    prepare: (s: import('../../src/script/index.ts').Script) => s.directory(at('conf')),
    commit: (s: import('../../src/script/index.ts').Script) =>
      s.reload('web', { command: sh`echo reloaded` }),
  }
  const first = await run(script)
  expect(first.outputOf(null, 'stderr')).toBe('')
  expect(first.outcomes()).toEqual(['ok changed', 'ok changed', 'ok changed'])
  expect(first.reloads).toEqual([{ verb: 'reload', service: 'web', status: 'ok', exit: 0 }])
  expect(first).toMatchObject({ code: 0, finished: true })
  expect(readFileSync(at('site2/index.html'), 'utf8')).toBe('page 2\n\n')
  expect(readlinkSync(at('link3'))).toBe('site3')
  expect(statSync(at('site1')).mode & 0o7777).toBe(0o750)
  expect(statSync(at('conf/1.conf')).mode & 0o7777).toBe(0o640)
  expect(existsSync(at('ready1'))).toBe(true)
  const second = await run(script)
  expect(second.outcomes()).toEqual(['ok unchanged', 'ok unchanged', 'ok unchanged'])
  expect(second.reloads).toEqual([])
  expect(second.outputOf(null, 'stderr')).toBe('')
})
