import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMethods } from '../../src/methods/index.ts'
import { childEnvironment } from '../../src/methods/start-program.ts'
import { recordedJob } from '../support/jobs.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const canary = 'canary-4711'
const secrets = {
  ORCHESTRA_KEY: canary,
  ORCHESTRA_KEY_PASSPHRASE: canary,
  ORCHESTRA_OLD_KEY: canary,
  DATABASE_URL: `postgres://app:${canary}@db/app`,
  SHADOW_DATABASE_URL: canary,
  PGPASSWORD: canary,
  PGPASSFILE: canary,
  PANEL_DB: `postgresql://app:${canary}@db/app`,
  JDBC_URL: `jdbc:postgresql://db/app?user=app&password=${canary}`,
  SETTINGS: JSON.stringify({ database: `postgres://app:${canary}@db/app` }),
  COPIED_KEY: canary,
}
const harmless = { LANG: 'C.UTF-8', SSH_AUTH_SOCK: '/nowhere', KRB5CCNAME: '/tmp/ccache', PAGER: 'less' }

it('a program gets all but what opens the store, the key and the databases', () => {
  expect(childEnvironment({ ...secrets, ...harmless })).toEqual(harmless)
})

describe('the sources', () => {
  it('start programs in one place alone', () => {
    const directory = join(import.meta.dirname, '../../src')
    const starting = globSync('**/*.ts', { cwd: directory }).filter((file) =>
      /^import (?!type ).*from '(node:)?child_process'/m.test(readFileSync(join(directory, file), 'utf8')),
    )
    expect(starting).toEqual(['methods/start-program.ts'])
  })
})

describeSshd('with secrets in the environment', () => {
  const name = `orchestra-env-${process.pid}`
  const config = `/etc/ssh/ssh_config.d/${name}.conf`
  let sshd: Sshd
  let directory: string

  beforeAll(async () => {
    sshd = await startSshd({ config: ['AcceptEnv *'] })
    directory = await mkdtemp(join(tmpdir(), 'orchestra-env-'))
    const proxy = `sh -c "env >${directory}/seen; exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/${sshd.port}; cat <&3 & exec cat >&3'"`
    await writeFile(config, `Host ${name}\n  ProxyCommand ${proxy}\n  SendEnv *\n`)
  })

  afterAll(async () => {
    await rm(config, { force: true })
    await rm(directory, { recursive: true, force: true })
    await sshd.stop()
  })

  it.each(['ssh', 'openssh', 'local'] as const)(
    'a script by the %s method sees none of them',
    async (kind) => {
      const methods = createMethods({ environment: { ...process.env, ...secrets } })
      try {
        const job = recordedJob('cat /proc/self/environ')
        const host = kind === 'openssh' ? name : '127.0.0.1'
        await methods[kind].run(await sshd.target({ method: kind, host }), job)
        expect(job.stdout().toString()).toContain('PATH=')
        expect(job.stdout().toString()).not.toContain(canary)
      } finally {
        await methods.close()
      }
    },
  )

  it('what the configuration of ssh starts sees none of them, and the rest', async () => {
    const seen = await readFile(join(directory, 'seen'), 'utf8')
    expect(seen).toContain('PATH=')
    expect(seen).not.toContain(canary)
  })
})
