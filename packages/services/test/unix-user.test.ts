import { defineModel, secret } from 'orchestrajs'
import { Client } from 'ssh2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { unixUser } from '../src/index.ts'
import { Pipeline, type Wanted } from './pipeline.ts'

const account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({
    login: z.string(),
    crypted: z.string().nullable(),
    shell: z.string().optional(),
    home: z.string().optional(),
    groups: z.array(z.string()),
    full_name: z.string(),
  }),
  secrets: ['crypted'],
})

const backend = unixUser({
  model: account,
  user: (row) => ({
    name: row.login,
    passwordHash: row.crypted,
    shell: row.shell,
    home: row.home,
    groups: row.groups,
    comment: row.full_name,
  }),
})

describeLab('unix-user', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['shell1'] })
    host = lab.host('shell1')
    pipeline = new Pipeline(lab.clientKeyPath)
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function person(login: string, crypted: string | null, more: object = {}) {
    const base = { login, groups: [], full_name: 'A Person' }
    return { ...base, crypted: crypted === null ? null : secret(crypted, 'account.crypted'), ...more }
  }

  function run(...operations: Wanted[]) {
    return pipeline.run(host, backend, operations)
  }

  async function hash(password: string): Promise<string> {
    return host.must(`perl -e 'print crypt(<STDIN>, q($6$saltsalt$))'`, { input: password })
  }

  test('a person logs in over SSH with the password, in the shell, groups and home of the row', async () => {
    const ada = person('ada', await hash('first'), { shell: '/bin/sh', groups: ['web', 'staff'] })
    expect((await run(['save', ada])).results).toEqual(['ok changed'])
    const answer = await login(host, 'ada', 'first', 'id -un; id -nG; pwd; echo $0; getent passwd ada')
    expect(answer).toMatch(
      /^ada\nada (web staff|staff web)\n\/home\/ada\nsh\nada:x:\d+:\d+:A Person:\/home\/ada:\/bin\/sh\n$/,
    )
  })

  test('the same row again changes nothing', async () => {
    const bea = person('bea', await hash('same'), { groups: ['web'], home: '/srv/people/bea' })
    expect((await run(['save', bea])).results).toEqual(['ok changed'])
    const before = await host.must(
      'cat /etc/passwd /etc/shadow /etc/group; stat -c %Y /etc/passwd /etc/shadow',
    )
    expect((await run(['save', bea])).results).toEqual(['ok unchanged'])
    expect(
      await host.must('cat /etc/passwd /etc/shadow /etc/group; stat -c %Y /etc/passwd /etc/shadow'),
    ).toBe(before)
  })

  test('a changed row changes password, shell, groups and home, whose files move along', async () => {
    await run(['save', person('cleo', await hash('old'), { groups: ['web', 'staff'] })])
    await host.must('echo mine > /home/cleo/file')
    const changed = person('cleo', await hash('new'), {
      groups: ['web'],
      home: '/srv/people/cleo',
      shell: '/bin/sh',
    })
    expect((await run(['save', changed])).results).toEqual(['ok changed'])
    expect(await login(host, 'cleo', 'new', 'id -nG; cat ~/file; pwd')).toBe(
      'cleo web\nmine\n/srv/people/cleo\n',
    )
    await expect(login(host, 'cleo', 'old', 'true')).rejects.toThrow(/authentication/i)
  })

  test('a row without a hash has an account that no password opens', async () => {
    await run(['save', person('dora', await hash('open'))])
    expect((await run(['save', person('dora', null)])).results).toEqual(['ok changed'])
    await expect(login(host, 'dora', 'open', 'true')).rejects.toThrow(/authentication/i)
    expect((await run(['save', person('dora', null)])).results).toEqual(['ok unchanged'])
  })

  test('the hash is in no argument list on the server and in no shown script', async () => {
    const canary = await hash('canary')
    const watch =
      'until [[ -e /tmp/stop ]]; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr "\\0" " " > /tmp/seen'
    const watching = host.exec(watch)
    const { results, masked } = await run(['save', person('eve', canary)])
    await host.must('touch /tmp/stop')
    await watching
    expect(results).toEqual(['ok changed'])
    expect(masked).not.toContain(canary)
    expect(masked).toContain('«secret:account.crypted»')
    const seen = await host.must('cat /tmp/seen')
    expect(seen).toContain('systemd')
    expect(seen).not.toContain(canary)
  })

  test('deleting ends what the user runs, removes the account, and keeps the home in the trash for root alone', async () => {
    const finn = person('finn', await hash('bye'))
    await run(['save', finn])
    await host.must(
      'echo kept > /home/finn/file; setsid runuser -u finn -- sleep 1000 > /dev/null 2>&1 < /dev/null &',
    )
    expect((await run(['delete', finn])).results).toEqual(['ok changed'])
    expect((await host.exec('id finn || pgrep -u finn')).code).not.toBe(0)
    expect(
      await host.must('ls /home; cat /var/trash/homes/finn.*/file; stat -c "%a %U" /var/trash/homes'),
    ).toMatch(/kept\n700 root\n$/)
    expect(await host.must('ls -d /home/finn || true')).toBe('')
    expect((await run(['delete', finn])).results).toEqual(['ok unchanged'])
  })

  test('an account whose deletion was interrupted is whole again when its row comes back', async () => {
    const hal = person('hal', await hash('back'))
    await run(['save', hal])
    await host.must('mv /home/hal /var/trash-of-hal')
    expect((await run(['save', hal])).results).toEqual(['ok changed'])
    expect(await login(host, 'hal', 'back', 'pwd; stat -c %U . .profile')).toBe('/home/hal\nhal\nhal\n')
  })

  test('an account of the system is refused and stays as it was, whatever the row says', async () => {
    const before = await host.must('cat /etc/passwd /etc/shadow')
    const rows = ['root', 'www-data', 'nobody'].map((login) => person(login, null))
    const operations = rows.flatMap((row): Wanted[] => [
      ['save', row],
      ['delete', row],
    ])
    const { results, outputs } = await run(...operations)
    expect(results).toEqual(operations.map(() => 'failed unchanged'))
    expect(outputs[0]).toContain('root is an account of the system')
    expect(await host.must('cat /etc/passwd /etc/shadow')).toBe(before)
  })

  test('a row that makes no account is named by its field, and stops nobody else', async () => {
    const rows = [
      person('-rf', null),
      person('x:0:0', null),
      person('gus', 'plain password'),
      person('gus', null, { home: '/etc' }),
      person('gus', null, { full_name: 'a:b' }),
      person('gus', null),
    ]
    const { results } = await run(...rows.map((row): Wanted => ['save', row]))
    expect(results.slice(0, 5).map((result) => /object: (\w+)/.exec(result)?.[1])).toEqual([
      'name',
      'name',
      'passwordHash',
      'home',
      'comment',
    ])
    expect(results[5]).toBe('ok changed')
  })
})

/** Logs in by password and returns what the command writes. */
function login(host: LabHost, username: string, password: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new Client()
    client.once('error', reject)
    client.once('ready', () =>
      client.exec(command, (error, stream) => {
        if (error) return reject(error)
        let output = ''
        stream.on('data', (bytes: Buffer) => {
          output += bytes
        })
        stream.once('close', () => {
          client.end()
          resolve(output)
        })
      }),
    )
    client.connect({ host: host.address, port: host.port, username, password })
  })
}
