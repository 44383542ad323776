import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { attempt } from '../command.ts'
import { describeLab } from '../describe-lab.ts'
import { runningLabs, startLab } from '../index.ts'
import { slotDirectory } from '../run-directory.ts'

describeLab('leftovers of a run that was killed', () => {
  test('are gone when the next lab starts, and labs of living runs are not touched', async () => {
    await using neighbour = await startLab({ hosts: ['alive'] })
    const slot = await startAndKill()

    await using lab = await startLab({ hosts: ['next'] })

    expect(await traces(slot, 'doomed')).toEqual(nothing)
    expect(await lab.host('next').must('hostname')).toBe('next\n')
    expect(await neighbour.host('alive').must('hostname')).toBe('alive\n')
  }, 600_000)

  test('nothing remains of a lab that was stopped', async () => {
    const lab = await startLab({ hosts: ['brief'] })
    await lab.host('brief').slow({ delayMs: 5 })
    await lab.stop()
    expect(await traces(lab.slot, 'brief')).toEqual(nothing)
  }, 600_000)
})

/** Starts a lab in another process, kills that process without warning, and returns the lab's slot. */
async function startAndKill(): Promise<number> {
  const program = `
    import { startLab } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)}
    const lab = await startLab({ hosts: ['doomed'] })
    console.log(lab.slot)
    setInterval(() => {}, 1000)
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    child.kill('SIGKILL')
    await ended
    return Number(line)
  }
  throw new Error('The other process ended before its lab stood')
}

const nothing = { listed: false, mounts: false, directory: false, processes: '' }

/** What there is of a host. Its slot may be another lab's by now, so everything is looked up by its own name. */
async function traces(slot: number, host: string): Promise<typeof nothing> {
  const directory = `${slotDirectory(slot)}/${host}`
  return {
    listed: runningLabs().some((lab) => lab.slot === slot && lab.hosts.some(({ name }) => name === host)),
    mounts: readFileSync('/proc/self/mounts', 'utf8').includes(`${directory}/`),
    directory: existsSync(directory),
    processes: (await attempt('pgrep', ['-f', '--', `--hostname=${host} `])).stdout,
  }
}
