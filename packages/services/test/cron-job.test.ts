import fc from 'fast-check'
import { defineModel, secret } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { cronSchedule } from '../src/cron-job/schedule.ts'
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
    const line = `printf '%s|' "$TOKEN" "$(id -un)" "$(date +%s)" '100%' 'a\\\\b' 'c\\%d' 'e\\\\\\%%' 'f\\\\\\g\\h' > /tmp/ran.new && mv /tmp/ran.new /tmp/ran`
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
    expect(await host.must('cat /tmp/ran')).toMatch(
      /^p%ss wörd\|deploy\|\d{10}\|100%\|a\\\\b\|c\\%d\|e\\\\\\%%\|f\\\\\\g\\h\|$/,
    )
  }, 100_000)

  test('a job is one file, that nobody else can read, and the second time nothing changes', async () => {
    expect((await run(['save', row('nightly')])).results).toEqual(['ok changed'])
    expect(await host.must('stat -c "%a %U %G" /etc/cron.d/orchestra-nightly')).toBe('600 root root\n')
    expect((await run(['save', row('nightly')])).results).toEqual(['ok unchanged'])
  })

  test('a cron that was stopped runs again', async () => {
    await host.must('systemctl stop cron')
    expect((await run(['save', row('awake')])).results).toEqual(['ok changed'])
    await host.must('systemctl is-active cron')
  })

  test('every schedule that is accepted is one to cron too', async () => {
    const number = fc.integer({ min: 0, max: 65 }).map(String)
    const atom = fc.oneof(number, number, fc.constantFrom('*', 'mon', 'SUN', 'jan', 'Dec', '', '007', '1x'))
    const range = fc.oneof(
      atom,
      fc.tuple(atom, atom).map((two) => two.join('-')),
    )
    const step = fc.oneof(
      { arbitrary: range, weight: 3 },
      fc.tuple(range, number).map((two) => two.join('/')),
    )
    const list = fc.oneof(
      { arbitrary: step, weight: 4 },
      fc.array(step, { maxLength: 3 }).map((all) => all.join(',')),
    )
    const star = fc.oneof(list, fc.constant('*'))
    const some = fc.sample(fc.tuple(star, star, star, star, star), { numRuns: 4000, seed: 8 })
    const accepted = some.map((all) => all.join(' ')).filter((text) => cronSchedule.safeParse(text).success)
    expect(accepted.length).toBeGreaterThan(100)
    await host.must('cat >/tmp/crontab', { input: accepted.map((text) => `${text} true\n`).join('') })
    await host.must('crontab -n -u deploy /tmp/crontab')
  })

  test.each([
    ['60 * * * *', 'cron does not read the file'],
    ['* 24 * * *', 'cron does not read the file'],
    ['* * 0 * *', 'cron does not read the file'],
    ['* * * 13 *', 'cron does not read the file'],
    ['* * * * 8', 'cron does not read the file'],
    ['5/10 * * * *', 'cron does not read the file'],
    ['*/0 * * * *', 'cron does not read the file'],
    ['1,2, * * * *', 'cron does not read the file'],
    ['mon * * * *', 'cron does not read the file'],
    ['30-10 * * * *', 'it never runs'],
    ['0 0 * * fri-sun', 'it never runs'],
    ['0 0 30 2 *', 'it never runs'],
    ['0 0 31 4,jun,9 */2', 'it never runs'],
    ['*/70 * * * *', 'it runs every hour'],
    ['** * * * *', 'it runs every minute'],
    ['*5 * * * *', 'it runs every minute'],
    ['4294967297 * * * *', 'it runs at minute 1'],
  ])('the schedule %s is refused: %s', async (at) => {
    const { results } = await run(['save', row('refused', { at })])
    expect(results[0]).toContain('A cron job cannot be made of this object: schedule: ')
  })

  test.each([
    '0 0 29 2 *',
    '0 0 30 2 1',
    '0 0 31 * *',
    '*/59 0-23/2 1-31 jan-DEC sun-sat',
    '0 0 * * 5-7',
    '@reboot',
  ])('the schedule %s is accepted', (at) => expect(cronSchedule.safeParse(at).success).toBe(true))

  test('what cron would cut off, override or not know is refused by name', async () => {
    const strange = (environment: Record<string, string>, more: object = {}) =>
      pipeline.run(
        host,
        cronJob({ model: job, job: (each) => ({ ...plain, name: each.title, environment, ...more }) }),
        [['save', row('strange')]],
      )
    const plain = { schedule: '@daily', user: 'deploy', command: 'true' }
    const attempts = [
      strange({ LOGNAME: 'root' }),
      strange({ MAILTO: 'a@example.org' }),
      strange({ CRON_TZ: 'Europe/Berlin' }),
      strange({ A: 'trailing ' }),
      strange({ A: 'x'.repeat(995) }),
      strange({}, { mailTo: '-bp' }),
      strange({}, { command: '%'.repeat(500) }),
      strange({}, { command: ' ' }),
    ]
    for (const attempt of attempts) expect((await attempt).results[0]).toContain('A cron job cannot be made')
    const longest = await strange({ A: 'x'.repeat(994) }, { command: `: ${'x'.repeat(996)}` })
    expect(longest.results).toEqual(['ok changed'])
    const lines = await host.must('grep -v "^#" /etc/cron.d/orchestra-strange | sed "s/deploy//"')
    await host.must('cat >/tmp/crontab', { input: lines })
    await host.must('crontab -n -u deploy /tmp/crontab')
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
