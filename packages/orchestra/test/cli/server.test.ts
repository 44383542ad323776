import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { Project } from './project.ts'

const TIMEOUT = 180_000

describeSshd('a server with a host key', () => {
  let sshd: Sshd
  let project: Project
  let options: string[] = []

  beforeAll(async () => {
    sshd = await startSshd()
    project = new Project()
    await project.run('init')
    const directory = join(project.directory, 'there')
    mkdirSync(directory)
    const address = ['--host', '127.0.0.1', '--port', String(sshd.port)]
    options = [...address, '--identity-file', sshd.clientKeyPath, '--directory', directory]
  }, TIMEOUT)

  afterAll(async () => {
    await project.remove()
    await sshd.stop()
  })

  test('is not registered when it presents another key than the accepted one', {
    timeout: TIMEOUT,
  }, async () => {
    const refused = await project.run('server', 'add', 'web1', ...options, '--accept-key', 'SHA256:other')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('ORC_HOST_KEY_UNKNOWN')
    expect(await project.json('server', 'list')).toEqual([])
  })

  test('waits for approval by its fingerprint, then is usable', { timeout: TIMEOUT }, async () => {
    const added = await project.run('server', 'add', 'web1', ...options)
    expect(added.code).toBe(2)
    const fingerprint = /approve web1 (SHA256:\S+)/.exec(added.stdout)?.[1] ?? ''
    const unapproved = await project.run('server', 'approve', 'web1')
    expect(unapproved.code).toBe(2)
    expect(unapproved.stderr).toContain(`orchestra server approve web1 ${fingerprint}`)
    expect((await project.run('server', 'approve', 'web1', 'SHA256:other')).code).toBe(1)
    expect((await project.run('server', 'check')).code).toBe(2)
    const approved = await project.run('server', 'approve', 'web1', fingerprint)
    expect(approved.stdout).toContain('approved so far  none')
    const checked = await project.run('server', 'check', 'web1')
    expect(checked.stdout).toMatch(/web1 +ok .* approved +root +not needed/)
    expect(checked.code).toBe(0)
  })

  test('keeps its approved key when its address changes, and is sent nothing where another answers', {
    timeout: TIMEOUT,
  }, async () => {
    const other = await startSshd()
    try {
      const there = await project.run('server', 'set', 'web1', '--port', String(other.port))
      expect(there.code).toBe(2)
      expect(there.stdout).toContain('another host key than the approved one answers there')
      expect((await project.run('server', 'check', 'web1')).stdout).toContain('its host key changed')
      const back = await project.run('server', 'set', 'web1', '--port', String(sshd.port))
      expect(back.stdout).toContain('it presents the host key that is approved')
      expect(back.code).toBe(0)
      const nowhere = await project.run('server', 'set', 'web1', '--port', '1')
      expect(nowhere.stderr).toContain('ORC_SERVER_UNREACHABLE')
      expect(await project.json('server', 'show', 'web1')).toMatchObject({ port: sshd.port, key: 'approved' })
    } finally {
      await other.stop()
    }
  })
})
