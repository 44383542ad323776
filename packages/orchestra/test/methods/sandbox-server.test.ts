import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SandboxServer, startSandboxServer } from '../../../../examples/playground/sandbox-server.ts'
import { createMethods, fetchHostKey, type Methods, type ServerTarget } from '../../src/methods/index.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'

const success = { kind: 'exited', code: 0, signal: null }

describe('a sandbox server', () => {
  let directory: string
  let server: SandboxServer
  let methods: Methods
  let target: ServerTarget

  beforeEach(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'orchestra-sandbox-')))
    server = await startSandboxServer({ directory, port: 0, name: 'west' })
    methods = createMethods({ environment: {} })
    target = targetOf(server)
  })

  afterEach(async () => {
    await methods.close()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('runs scripts in its own directory with hardly an environment', async () => {
    const job = recordedJob(
      'pwd; echo "$HOME"; echo "$ORCHESTRA_STATE"; echo "[$DATABASE_URL$NODE_OPTIONS$VITEST]"',
    )
    expect(await methods.ssh.run(target, job)).toEqual(success)
    expect(job.stdout().toString()).toBe(`${directory}\n${directory}\n${directory}/.orchestra-state\n[]\n`)
  })

  it('carries both streams, the exit status and much output', async () => {
    const job = recordedJob('head -c 5000000 /dev/zero; echo err >&2; exit 7')
    expect(await methods.ssh.run(target, job)).toEqual({ kind: 'exited', code: 7, signal: null })
    expect(job.stdout().length).toBe(5_000_000)
    expect(job.stderr().toString()).toBe('err\n')
  })

  it('tells the signal that ended a script', async () => {
    expect(await methods.ssh.run(target, recordedJob('kill -KILL $$'))).toEqual({
      kind: 'exited',
      code: null,
      signal: 'SIGKILL',
    })
  })

  it('lets nobody in with another key', async () => {
    const other = await startSandboxServer({ directory: join(directory, 'other'), port: 0, name: 'east' })
    const stranger = { ...target, identityFile: other.clientKeyPath }
    expect(await methods.ssh.run(stranger, recordedJob('true'))).toMatchObject({ kind: 'denied' })
    await other.stop()
  })

  it('keeps its keys when it is started again', async () => {
    await server.stop()
    const again = await startSandboxServer({ directory, port: 0, name: 'west' })
    expect(again.hostKey).toBe(server.hostKey)
    expect((await fetchHostKey(targetOf(again), 3_000)).key).toBe(server.hostKey)
    server = again
  })

  it('ends what a cancelled script started', async () => {
    const sleeper = uniqueSleep()
    const stop = new AbortController()
    const job = recordedJob(`echo ready; ${sleeper}`, { signal: stop.signal })
    const running = methods.ssh.run(target, job)
    await job.printed('ready')
    stop.abort()
    expect(await running).toEqual({ kind: 'cancelled' })
    expect(await processesWith(sleeper)).toEqual([])
  })

  it('ends what runs when it is stopped, and the script counts as lost or ended by a signal', async () => {
    const sleeper = uniqueSleep()
    const job = recordedJob(`echo ready; ${sleeper}`)
    const running = methods.ssh.run(target, job)
    await job.printed('ready')
    await server.stop()
    expect(['lost', 'exited']).toContain((await running).kind)
    await until('the sleeper is gone', async () => (await processesWith(sleeper)).length === 0)
    server = await startSandboxServer({ directory, port: 0, name: 'west' })
  })
})

function targetOf(server: SandboxServer): ServerTarget {
  return {
    name: 'sandbox',
    method: 'ssh',
    host: '127.0.0.1',
    port: server.port,
    user: userInfo().username,
    sudo: false,
    hostKey: server.hostKey,
    identityFile: server.clientKeyPath,
    directory: null,
  }
}
