import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerTarget } from '../../src/methods/index.ts'
import { commandLine, endGroupCommand, jobCommand } from '../../src/methods/remote-command.ts'
import { endLine } from '../../src/script/bootstrap.ts'
import { hostile } from '../script/hostile.ts'

const target: ServerTarget = {
  name: 'any',
  method: 'ssh',
  host: 'any.invalid',
  port: 22,
  user: 'root',
  sudo: false,
  hostKey: null,
  identityFile: null,
  directory: null,
}

/** fish keeps its history there, and complains when it cannot. */
const home = mkdtempSync(join(tmpdir(), 'orchestra-home-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** What sshd does with a command: the login's shell gets it after `-c`. */
async function login(shell: string, command: string, input = '') {
  const child = spawn(shell, ['-c', command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home },
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code, output: Buffer.concat(output).toString() }
}

const shells = ['/bin/sh', '/bin/dash', '/bin/bash', '/bin/zsh', '/usr/bin/fish', '/bin/tcsh', '/bin/csh']
const missing = shells.filter((shell) => !existsSync(shell))
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`${missing.join(', ')} not installed, and CI requires them`)

describe.each(shells)('%s as login shell', (shell) => {
  const maybe = it.skipIf(!existsSync(shell))

  maybe('starts the script', async () => {
    const command = commandLine(jobCommand(target, { runId: 'run-1', interpreter: null, user: null }))
    const script = `printf '%s\\n' "it's \\$x" "$#"\nexit 7\n${endLine('run-1')}\n`
    const { code, output } = await login(shell, command, script)
    expect(output).toMatch(/^orchestra-pgid \d+ # end run-1\nit's \$x\n0\n$/)
    expect(code).toBe(7)
  })

  maybe('runs nothing of a script that was cut off', async () => {
    const command = commandLine(jobCommand(target, { runId: 'run-1', interpreter: null, user: null }))
    const { code, output } = await login(shell, command, 'echo ran\n# end run-')
    expect({ code, ran: output.includes('ran') }).toEqual({ code: 86, ran: false })
  })

  maybe('ends a process group', async () => {
    const { code, output } = await login(shell, commandLine(endGroupCommand(target, null, 2 ** 22 + 1)))
    expect({ code, output }).toEqual({ code: 0, output: 'ending\n' })
  })

  maybe('passes on every word as it is', async () => {
    // A line break has no form that all of them understand; none of our words holds one.
    const words = fc.sample(hostile, 600).map((word) => word.replace(/[\r\n]/g, ' '))
    for (let at = 0; at < words.length; at += 100) {
      const some = words.slice(at, at + 100)
      const { output } = await login(shell, commandLine(['printf', '%s\\0', ...some]))
      expect(output.split('\0').slice(0, -1)).toEqual(some)
    }
  })
})

it('no command for a login shell holds a line break', () => {
  const job = jobCommand(
    { ...target, directory: '/srv' },
    { runId: 'r', interpreter: ['python3', '-'], user: 'www' },
  )
  expect(commandLine(job)).not.toMatch(/[\r\n]/)
  expect(commandLine(endGroupCommand(target, 'www', 1))).not.toMatch(/[\r\n]/)
})
