import { defineModel, secret } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { cronJob } from '../src/index.ts'
import { must, Pipeline, type Wanted } from './pipeline.ts'

const job = defineModel({
  name: 'job',
  table: 'job',
  schema: z.object({
    title: z.string(),
    at: z.string(),
    runs_as: z.string(),
    line: z.string(),
    token: z.string().optional(),
    paused: z.boolean().optional(),
  }),
  secrets: ['token'],
})

const backend = cronJob({
  model: job,
  job: (row) => ({
    name: row.title,
    schedule: row.at,
    user: row.runs_as,
    command: row.line,
    enabled: !row.paused,
    environment: { TOKEN: row.token },
  }),
})

describeLab('cron-job', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['batch1'] })
    host = lab.host('batch1')
    pipeline = new Pipeline(lab.clientKeyPath)
    await host.must('systemctl start cron')
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function row(title: string, more: object = {}) {
    return { title, at: '0 4 * * *', runs_as: 'deploy', line: 'true', ...more }
  }

  function run(...operations: Wanted[]) {
    return pipeline.run(host, backend, operations)
  }

  function files(): Promise<string> {
    return host.must('cd /etc/cron.d; ls -A | grep orchestra || true')
  }

  test('a job has run, as its user, with percent signs and secrets as they were written', async () => {
    const line = `printf '%s|' "$TOKEN" "$(id -un)" "$(date +%s)" '100%' > /tmp/ran.new && mv /tmp/ran.new /tmp/ran`
    const every = row('every-minute', {
      at: '* * * * *',
      line,
      token: secret('p%ss wörd', 'job.token'),
    })
    const { results, masked } = await run(['save', every])
    expect(results).toEqual(['ok changed'])
    expect(masked).not.toContain('p%ss')
    // cron looks for new files, and for what is due, when a minute begins.
    await waitFor('the job to run', async () => (await host.exec('test -e /tmp/ran')).code === 0, 75_000)
    expect(await host.must('cat /tmp/ran')).toMatch(/^p%ss wörd\|deploy\|\d{10}\|100%\|$/)
  }, 100_000)

  test('a job is one file, that nobody else can read, and the second time nothing changes', async () => {
    expect((await run(['save', row('nightly')])).results).toEqual(['ok changed'])
    expect(await host.must('stat -c "%a %U %G" /etc/cron.d/orchestra-nightly')).toBe('600 root root\n')
    expect((await run(['save', row('nightly')])).results).toEqual(['ok unchanged'])
  })

  test('a paused job is not on the server, and comes back', async () => {
    await run(['save', row('often')])
    expect((await run(['save', row('often', { paused: true })])).results).toEqual(['ok changed'])
    expect(await files()).not.toContain('often')
    expect((await run(['save', row('often')])).results).toEqual(['ok changed'])
    expect(await files()).toContain('orchestra-often\n')
  })

  test('a deleted job is gone, and deleting it again changes nothing', async () => {
    await run(['save', row('brief')])
    expect((await run(['delete', row('brief')])).results).toEqual(['ok changed'])
    expect(await files()).not.toContain('brief')
    expect((await run(['delete', row('brief')])).results).toEqual(['ok unchanged'])
  })

  test('a job of a user that does not exist fails by name and leaves no file', async () => {
    const { results, outputs } = await run(
      ['save', row('orphan', { runs_as: 'nobody-here' })],
      ['save', row('other')],
    )
    expect(results).toEqual(['failed unchanged', 'ok changed'])
    expect(outputs[0]).toContain('the user nobody-here does not exist')
    expect(await files()).not.toContain('orphan')
  })

  test('values that would become another job are refused by name', async () => {
    const { results } = await run(
      ['save', row('a', { line: 'true\n* * * * * root reboot' })],
      ['save', row('../b')],
      ['save', row('c', { at: '* * * * * root' })],
      ['save', row('d', { runs_as: 'root reboot' })],
      ['save', row('e', { token: secret('x"\ny', 'job.token') })],
    )
    expect(results.map((result) => /object: ([\w.]+)/.exec(result)?.[1])).toEqual([
      'command',
      'name',
      'schedule',
      'user',
      'environment.TOKEN',
    ])
    expect(results[4]).not.toContain('x"')
  })

  test('a renamed job has one file, under its new name', async () => {
    const [old, fresh] = [row('was'), row('is')]
    await run(['save', old], ['save', row('wasp')])
    expect((await run(['rename', fresh, old])).results).toEqual(['ok changed'])
    expect((await files()).split('\n').filter((name) => /orchestra-(was|is|wasp)$/.test(name))).toEqual([
      'orchestra-is',
      'orchestra-wasp',
    ])
    expect((await run(['rename', fresh, old])).results).toEqual(['ok unchanged'])
    const nobody = row('later', { runs_as: 'not-there' })
    expect((await run(['rename', nobody, fresh])).results).toEqual(['failed unchanged'])
    expect(await files()).toContain('orchestra-is\n')
  })

  test('jobs are listed by name, shown without secrets, and go alone', async () => {
    await run(['save', row('trap', { token: secret('s3cret', 'job.token') })], ['save', row('trap-two')])
    const names = (await must(host, backend.list)).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['trap', 'trap-two']))
    const shown = await must(host, backend.read?.('trap'))
    expect(shown).toContain('0 4 * * * deploy true')
    expect(shown).not.toContain('s3cret')
    expect((await run(['prune', 'trap'])).results).toEqual(['ok changed'])
    expect((await must(host, backend.list)).trim().split('\n')).toEqual(
      names.filter((name) => name !== 'trap'),
    )
  })
})
