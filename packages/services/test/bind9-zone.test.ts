import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { bind9Primary, bind9Secondary, type DnsRecord } from '../src/bind9-zone/index.ts'
import { must, Pipeline, type Wanted } from './pipeline.ts'

const domain = defineModel({
  name: 'domain',
  table: 'domain',
  schema: z.object({ zone: z.string(), hosts: z.array(z.custom<DnsRecord>()) }),
})

describeLab('bind9-zone', () => {
  let lab: Lab
  let primary: LabHost
  let secondary: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['ns1', 'ns2'] })
    primary = lab.host('ns1')
    secondary = lab.host('ns2')
    pipeline = new Pipeline(lab.clientKeyPath)
    await Promise.all(lab.hosts.map((host) => host.must('systemctl start named')))
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function primaryBackend() {
    return bind9Primary({
      model: domain,
      secondaries: [secondary.address],
      zone: (row) => ({
        name: row.zone,
        nameServers: [`ns1.${row.zone}`, `ns2.${row.zone}`],
        hostmaster: 'host.master@example.org',
        records: [
          { name: 'ns1', type: 'A', value: primary.address },
          { name: 'ns2', type: 'A', value: secondary.address },
          ...row.hosts,
        ],
      }),
    })
  }

  function secondaryBackend() {
    return bind9Secondary({
      model: domain,
      primaries: [primary.address],
      zone: (row) => ({ name: row.zone }),
    })
  }

  function onPrimary(...operations: Wanted[]) {
    return pipeline.run(primary, primaryBackend(), operations)
  }

  function onSecondary(...operations: Wanted[]) {
    return pipeline.run(secondary, secondaryBackend(), operations)
  }

  async function dig(host: LabHost, ...question: string[]): Promise<string> {
    const { stdout } = await primary.exec(
      `dig +short +time=1 +tries=1 @${host.address} ${question.join(' ')}`,
    )
    return stdout.trim()
  }

  function answers(host: LabHost, question: string[], answer: string): Promise<void> {
    const what = `${host.name} to answer ${question.join(' ')} with ${JSON.stringify(answer)}`
    return waitFor(what, async () => (await dig(host, ...question)) === answer)
  }

  async function serial(host: LabHost, zone: string): Promise<number> {
    return Number((await dig(host, zone, 'SOA')).split(' ')[2])
  }

  const address = (value: string, name = 'www'): DnsRecord => ({ name, type: 'A', value })

  test('a zone answers on the primary and on the secondary that fetched it', async () => {
    const row = { zone: 'first.example', hosts: [address('192.0.2.10')] }
    expect(await onPrimary(['save', row])).toMatchObject({
      results: ['ok changed'],
      reloads: ['reload named ok'],
    })
    expect(await onSecondary(['save', row])).toMatchObject({ results: ['ok changed'] })
    await answers(primary, ['www.first.example', 'A'], '192.0.2.10')
    await answers(secondary, ['www.first.example', 'A'], '192.0.2.10')
  })

  test('every type of record arrives as it was written, whatever is in a TXT', async () => {
    const strange = 'v=spf1; "quoted" \\ back (paren) ünïcode '
    const long = 'k'.repeat(600)
    const hosts: DnsRecord[] = [
      { name: '@', type: 'MX', value: '10 mail' },
      { name: 'mail', type: 'AAAA', value: '2001:db8::1' },
      { name: 'alias', type: 'CNAME', value: 'mail' },
      { name: '*.wild', type: 'A', value: '192.0.2.44', ttl: 60 },
      { name: '@', type: 'CAA', value: '0 issue "ca.example; account=7"' },
      { name: '_sip._tcp', type: 'SRV', value: '1 2 5060 mail' },
      { name: 'strange', type: 'TXT', value: strange },
      { name: 'long', type: 'TXT', value: long },
    ]
    expect((await onPrimary(['save', { zone: 'types.example', hosts }])).results).toEqual(['ok changed'])
    await answers(primary, ['types.example', 'MX'], '10 mail.types.example.')
    expect(await dig(primary, 'alias.types.example', 'AAAA')).toBe('mail.types.example.\n2001:db8::1')
    expect(await dig(primary, 'any.wild.types.example', 'A')).toBe('192.0.2.44')
    expect(await dig(primary, 'types.example', 'CAA')).toBe('0 issue "ca.example; account=7"')
    expect(await dig(primary, '_sip._tcp.types.example', 'SRV')).toBe('1 2 5060 mail.types.example.')
    expect(decodeTxt(await dig(primary, 'strange.types.example', 'TXT'))).toBe(strange)
    expect(decodeTxt(await dig(primary, 'long.types.example', 'TXT'))).toBe(long)
  })

  test('the serial grows when the content changes, and only then; the secondary follows by itself', async () => {
    const zone = 'serial.example'
    const [one, other] = [address('192.0.2.1'), address('192.0.2.2', 'mail')]
    await onPrimary(['save', { zone, hosts: [one, other] }])
    await onSecondary(['save', { zone, hosts: [] }])
    await answers(secondary, [`www.${zone}`, 'A'], '192.0.2.1')
    const before = await serial(primary, zone)
    expect(await onPrimary(['save', { zone, hosts: [other, one] }])).toMatchObject({
      results: ['ok unchanged'],
      reloads: [],
    })
    expect(await serial(primary, zone)).toBe(before)
    for (const value of ['192.0.2.3', '192.0.2.4', '192.0.2.5']) {
      expect((await onPrimary(['save', { zone, hosts: [address(value), other] }])).results).toEqual([
        'ok changed',
      ])
      await answers(primary, [`www.${zone}`, 'A'], value)
      await answers(secondary, [`www.${zone}`, 'A'], value)
    }
    expect(await serial(primary, zone)).toBeGreaterThanOrEqual(before + 3)
    expect(await serial(secondary, zone)).toBe(await serial(primary, zone))
  })

  test('a zone that named-checkzone refuses stays as it was, and the others are live', async () => {
    const good = { zone: 'kept.example', hosts: [address('192.0.2.20')] }
    await onPrimary(['save', good])
    const clash: DnsRecord[] = [address('192.0.2.21'), { name: 'www', type: 'CNAME', value: 'ns1' }]
    const { results, outputs } = await onPrimary(
      ['save', { zone: 'before.example', hosts: [address('192.0.2.22')] }],
      ['save', { zone: 'kept.example', hosts: clash }],
      ['save', { zone: 'never.example', hosts: clash }],
      ['save', { zone: 'after.example', hosts: [address('192.0.2.23')] }],
    )
    expect(results.map((result) => result.split(' ')[0])).toEqual(['ok', 'failed', 'failed', 'ok'])
    expect(outputs[1]).toContain('CNAME and other data')
    await answers(primary, ['www.before.example', 'A'], '192.0.2.22')
    await answers(primary, ['www.after.example', 'A'], '192.0.2.23')
    expect(await dig(primary, 'www.kept.example', 'A')).toBe('192.0.2.20')
    await primary.must('named-checkconf')
    expect((await onPrimary(['save', good])).results[0]).toMatch(/^ok/)
  })

  test('a zone below another is refused unless that one gives its name away, on both servers', async () => {
    await primary.must(`printf '$TTL 60\\n@ SOA a b 1 1 1 1 1\\n NS ns.other.example.\\n' >/etc/bind/db.theirs
      echo 'zone "theirs.example" { type primary; file "/etc/bind/db.theirs"; };' >>/etc/bind/named.conf.local; rndc reconfig`)
    const above = (hosts: DnsRecord[]) => ({ zone: 'above.example', hosts })
    const below = (zone: string) => ({ zone, hosts: [address('192.0.2.66')] })
    await onPrimary(['save', above([address('192.0.2.60')])], ['save', below('deep.www.late.example')])
    await onSecondary(['save', above([])])
    await answers(secondary, ['www.above.example', 'A'], '192.0.2.60')
    await answers(primary, ['theirs.example', 'NS'], 'ns.other.example.')
    const taking = ['www.above.example', 'a.b.above.example', 'shop.theirs.example', 'evil.localhost']
    const { results, outputs } = await onPrimary(...taking.map((zone): Wanted => ['save', below(zone)]))
    expect(results.map((result) => result.split(' ')[0])).toEqual(taking.map(() => 'failed'))
    expect(outputs[0]).toContain('www.above.example is a name of the zone above.example')
    expect(outputs[2]).toContain('a name of the zone theirs.example')
    const fetched = await onSecondary(['save', below('www.above.example')])
    expect(fetched.results[0]).toMatch(/^failed/)
    const was = { zone: 'honest.example', hosts: [] }
    await onPrimary(['save', was])
    expect((await onPrimary(['rename', below('www.above.example'), was])).results[0]).toMatch(/^failed/)
    await answers(primary, ['www.above.example', 'A'], '192.0.2.60')
    const given: DnsRecord[] = [{ name: 'b', type: 'NS', value: 'ns1.other.example.' }]
    const agreed = await onPrimary(
      ['save', above(given)],
      ['save', below('b.above.example')],
      ['save', below('late.example')],
      ['save', below('2.0.192.in-addr.arpa')],
      ['save', below('7.168.192.in-addr.arpa')],
    )
    expect(agreed.results).toEqual(Array(5).fill('ok changed'))
    await answers(primary, ['www.b.above.example', 'A'], '192.0.2.66')
    await answers(secondary, ['b.above.example', 'NS'], '')
    expect((await onSecondary(['save', below('b.above.example')])).results).toEqual(['ok changed'])
    expect((await onPrimary(['save', below('deep.www.late.example')])).results).toEqual(['ok unchanged'])
  })

  test('a hundred zones are one reload, and nothing the second time', async () => {
    const operations = Array.from(
      { length: 100 },
      (_, index): Wanted => ['save', { zone: `many${index}.example`, hosts: [address('192.0.2.30')] }],
    )
    const first = await onPrimary(...operations)
    expect(first).toMatchObject({ results: operations.map(() => 'ok changed'), reloads: ['reload named ok'] })
    await answers(primary, ['www.many99.example', 'A'], '192.0.2.30')
    const second = await onPrimary(...operations)
    expect(second).toMatchObject({ results: operations.map(() => 'ok unchanged'), reloads: [] })
  })

  test('a deleted zone is answered by neither, and its files are gone', async () => {
    const row = { zone: 'gone.example', hosts: [address('192.0.2.50')] }
    await onPrimary(['save', row])
    await onSecondary(['save', row])
    await answers(secondary, ['www.gone.example', 'A'], '192.0.2.50')
    expect((await onPrimary(['delete', row])).results).toEqual(['ok changed'])
    expect((await onSecondary(['delete', row])).results).toEqual(['ok changed'])
    await answers(primary, ['www.gone.example', 'A'], '')
    await answers(secondary, ['www.gone.example', 'A'], '')
    for (const host of lab.hosts) {
      expect(await host.must('find /etc/bind /var/cache/bind -name "gone.example*"')).toBe('')
    }
    expect((await onPrimary(['delete', row])).results).toEqual(['ok unchanged'])
  })

  test('a renamed zone answers under its new name on both, with a serial that does not go back; the old is gone', async () => {
    const [old, fresh] = ['before.rename', 'after.rename'].map((zone) => ({
      zone,
      hosts: [address('192.0.2.60')],
    }))
    for (const value of ['192.0.2.61', '192.0.2.62', '192.0.2.60'])
      await onPrimary(['save', { zone: 'before.rename', hosts: [address(value)] }])
    await onSecondary(['save', old])
    await answers(secondary, ['www.before.rename', 'A'], '192.0.2.60')
    const before = await serial(primary, 'before.rename')
    const ran = await onPrimary(['rename', fresh, old])
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload named ok'] })
    expect((await onSecondary(['rename', fresh, old])).results).toEqual(['ok changed'])
    for (const host of lab.hosts) {
      await answers(host, ['www.after.rename', 'A'], '192.0.2.60')
      await answers(host, ['www.before.rename', 'A'], '')
      expect(await host.must('find /etc/bind /var/cache/bind -name "before.rename*"')).toBe('')
    }
    expect(await serial(primary, 'after.rename')).toBeGreaterThan(before)
    expect(await onPrimary(['rename', fresh, old])).toMatchObject({ results: ['ok unchanged'], reloads: [] })
    expect((await onSecondary(['rename', fresh, old])).results).toEqual(['ok unchanged'])
  })

  test('zones that swap names are fetched by who has the older of them under a higher serial', async () => {
    const [high, low] = [
      { zone: 'high.swap', hosts: [address('192.0.2.65')] },
      { zone: 'low.swap', hosts: [address('192.0.2.66')] },
    ]
    const rows = [high, low] as const
    for (const value of ['192.0.2.63', '192.0.2.64'])
      await onPrimary(['save', { ...high, hosts: [address(value)] }])
    await onPrimary(...rows.map((row): Wanted => ['save', row]))
    await onSecondary(...rows.map((row): Wanted => ['save', row]))
    for (const { zone, hosts } of rows) await answers(secondary, [`www.${zone}`, 'A'], hosts[0]?.value ?? '')
    const [before, behind] = [await serial(secondary, high.zone), await serial(secondary, low.zone)]
    expect(before).toBeGreaterThan(behind + 1)
    const parked = primaryBackend().park?.(high as never)
    await onPrimary(['rename', parked, high])
    await onPrimary(['rename', { ...low, zone: high.zone }, low])
    await onPrimary(['rename', { ...high, zone: low.zone }, parked])
    expect(await serial(primary, high.zone)).toBeGreaterThan(before)
    await answers(secondary, [`www.${high.zone}`, 'A'], '192.0.2.66')
    await answers(secondary, [`www.${low.zone}`, 'A'], '192.0.2.65')
  })

  test('a rename whose new zone is refused leaves the old one answering', async () => {
    const old = { zone: 'stays.rename', hosts: [address('192.0.2.70')] }
    await onPrimary(['save', old])
    const clash: DnsRecord[] = [address('192.0.2.71'), { name: 'www', type: 'CNAME', value: 'ns1' }]
    const { results } = await onPrimary(['rename', { zone: 'goes.rename', hosts: clash }, old])
    expect(results[0]).toMatch(/^failed/)
    await primary.must('rndc reload')
    await answers(primary, ['www.stays.rename', 'A'], '192.0.2.70')
    expect((await onPrimary(['rename', { ...old, zone: 'goes.rename' }, old])).results).toEqual([
      'ok changed',
    ])
    await answers(primary, ['www.goes.rename', 'A'], '192.0.2.70')
  })

  test('zones are listed by kind and exact name, and one of which only the name is known goes alone', async () => {
    const rows = ['trap.example', 'trap.example.au'].map((zone) => ({ zone, hosts: [] }))
    await onPrimary(...rows.map((row): Wanted => ['save', row]))
    await onSecondary(...rows.map((row): Wanted => ['save', row]))
    const names = (await must(primary, primaryBackend().list)).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['trap.example', 'trap.example.au']))
    expect(await must(primary, secondaryBackend().list)).toBe('')
    expect(await must(secondary, secondaryBackend().list)).toContain('trap.example.au\n')
    expect(await must(primary, primaryBackend().read?.('trap.example'))).toContain('$ORIGIN trap.example.')
    expect((await onPrimary(['prune', 'trap.example'])).results).toEqual(['ok changed'])
    expect((await onSecondary(['prune', 'trap.example'])).results).toEqual(['ok changed'])
    for (const host of lab.hosts) {
      await answers(host, ['trap.example', 'NS'], '')
      await waitFor('the other zone', async () => (await dig(host, 'trap.example.au', 'NS')) !== '')
    }
    const left = (await must(primary, primaryBackend().list)).trim().split('\n')
    expect(left).toEqual(names.filter((name) => name !== 'trap.example'))
  })

  test.each(['localhost', '127.in-addr.arpa'])(
    'the zone %s, which the configuration has already, fails alone, and named still starts',
    async (zone) => {
      const { results, outputs } = await onPrimary(
        ['save', { zone, hosts: [] }],
        ['save', { zone: `beside.${zone}.example`, hosts: [address('192.0.2.80')] }],
      )
      expect(results.map((result) => result.split(' ')[0])).toEqual(['failed', 'ok'])
      expect(outputs[0]).toContain('already exists')
      await primary.must('named-checkconf && systemctl restart named')
      await answers(primary, [`www.beside.${zone}.example`, 'A'], '192.0.2.80')
      const second = await onSecondary(['save', { zone, hosts: [] }])
      expect(second.results).toEqual(['failed unchanged'])
      await secondary.must('named-checkconf')
    },
  )

  test('a zone that named does not take although its file is right fails by itself, and the others are served', async () => {
    const many = Array.from(
      { length: 150 },
      (_, index): DnsRecord => ({ name: 'many', type: 'TXT', value: `${index}` }),
    )
    const bad: Wanted = ['save', { zone: 'toomany.example', hosts: many }]
    const first = await onPrimary(bad, [
      'save',
      { zone: 'neighbour.example', hosts: [address('192.0.2.81')] },
    ])
    expect(first.reloads).toEqual(['reload named failed'])
    await answers(primary, ['www.neighbour.example', 'A'], '192.0.2.81')
    const second = await onPrimary(bad, [
      'save',
      { zone: 'neighbour.example', hosts: [address('192.0.2.82')] },
    ])
    expect(second.results.map((result) => result.split(' ')[0])).toEqual(['failed', 'ok'])
    expect(second.outputs[0]).toContain('too many records')
    await answers(primary, ['www.neighbour.example', 'A'], '192.0.2.82')
    const good = { zone: 'toomany.example', hosts: many.slice(0, 50) }
    expect((await onPrimary(['save', good])).results).toEqual(['ok changed'])
    expect((await onPrimary(['save', good])).results).toEqual(['ok unchanged'])
    expect((await dig(primary, 'many.toomany.example', 'TXT')).split('\n')).toHaveLength(50)
  }, 120_000)

  test('a zone that comes from elsewhere goes on from the serial that its secondary has', async () => {
    const zone = 'taken.example'
    const served = `$TTL 60\n@ IN SOA ns1 host 3000000000 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.1\n`
    await secondary.must(`cat >/var/cache/bind/taken`, { input: served })
    const config = '/etc/bind/named.conf.local'
    await secondary.must(
      `cp ${config} /root/; echo 'zone "${zone}" { type primary; file "taken"; };' >>${config}; rndc reload`,
    )
    await waitFor('the old primary to serve', async () => (await serial(secondary, zone)) === 3000000000)
    expect((await onPrimary(['save', { zone, hosts: [address('192.0.2.83')] }])).results).toEqual([
      'ok changed',
    ])
    expect(await serial(primary, zone)).toBe(3000000001)
    await secondary.must(`cp /root/named.conf.local ${config}; rndc reload`)
    await onSecondary(['save', { zone, hosts: [] }])
    await answers(secondary, [`www.${zone}`, 'A'], '192.0.2.83')
  })

  test('a new zone begins with the date, ahead of seconds and of earlier dates', async () => {
    await onPrimary(['save', { zone: 'dated.example', hosts: [] }])
    const date = Number((await primary.must('date +%Y%m%d00')).trim())
    expect(await serial(primary, 'dated.example')).toBe(date)
  })

  test('zones that lead to names elsewhere do not wait for DNS', async () => {
    await primary.must(`ip route add blackhole 203.0.113.0/24; echo nameserver 203.0.113.1 >/etc/resolv.conf`)
    const hosts: DnsRecord[] = [
      { name: '@', type: 'MX', value: '10 mx.elsewhere.test.' },
      { name: '_sip._tcp', type: 'SRV', value: '1 2 5060 sip.elsewhere.test.' },
      { name: 'sub', type: 'NS', value: 'ns.elsewhere.test.' },
    ]
    // A resolver that never answers would hold back a script for as long as it is given.
    const zones = Array.from({ length: 8 }, (_, n): Wanted => ['save', { zone: `waits${n}.example`, hosts }])
    expect((await onPrimary(...zones)).results).toEqual(zones.map(() => 'ok changed'))
    await primary.must('rm /etc/resolv.conf')
  })

  test.each<[string, ...DnsRecord[]]>([
    ['value', { name: '@', type: 'MX', value: '10 mail.refused.example' }],
    ['value', { name: '@', type: 'MX', value: '10 mx1.provider.example' }],
    ['value', { name: 'x', type: 'CNAME', value: 'other.example' }],
    ['value', { name: '_sip._tcp', type: 'SRV', value: '1 2 5060 sip.other.example' }],
    ['value', { name: 'x', type: 'NS', value: 'ns1.other.example' }],
    ['value', { name: 'x', type: 'MX', value: '10 192.0.2.1' }],
    ['name', { name: 'www.refused.example', type: 'A', value: '192.0.2.1' }],
    ['name', { name: 'WWW.Refused.Example', type: 'A', value: '192.0.2.1' }],
    [
      'name',
      { name: 'www.sub', type: 'A', value: '192.0.2.1' },
      { name: 'sub', type: 'NS', value: 'ns.other.example.' },
    ],
    [
      'name',
      { name: 'a.b.dn', type: 'TXT', value: 'x' },
      { name: 'dn', type: 'DNAME', value: 'other.example.' },
    ],
    ['value', { name: 'x', type: 'A', value: '2001:db8::1' }],
    ['value', { name: 'x', type: 'AAAA', value: 'fe80::1%eth0' }],
  ])('what named would load and answer otherwise is refused: %s of %j', async (field, ...hosts) => {
    const { results } = await onPrimary(['save', { zone: 'refused.example', hosts }])
    expect(results[0]).toContain(`records.2.${field}: `)
  })

  test('one name and type has one ttl, and addresses of name servers may stand where their zone is given away', async () => {
    const two: DnsRecord[] = [address('192.0.2.1'), { ...address('192.0.2.2'), ttl: 60 }]
    const { results } = await onPrimary(['save', { zone: 'ttl.example', hosts: two }])
    expect(results[0]).toContain('records.3.ttl: ')
    const glue: DnsRecord[] = [
      { name: 'sub', type: 'NS', value: 'ns.sub' },
      { name: 'ns.sub', type: 'A', value: '192.0.2.9' },
      { name: 'to', type: 'CNAME', value: 'www.sub' },
    ]
    expect((await onPrimary(['save', { zone: 'glue.example', hosts: glue }])).results).toEqual(['ok changed'])
  })

  test.each<DnsRecord[]>([
    [{ name: 'under_score', type: 'A', value: '192.0.2.1' }],
    [{ name: '@', type: 'MX', value: '10 192.0.2.1.' }],
    [
      { name: '@', type: 'MX', value: '10 to' },
      { name: 'to', type: 'CNAME', value: 'www.other.example.' },
    ],
  ])('what named refuses or must not be led to is refused before it is live: %j', async (...hosts) => {
    const { results } = await onPrimary(['save', { zone: 'strict.example', hosts }])
    expect(results).toEqual(['failed changed'])
    await primary.must('! ls /etc/bind/orchestra/strict.example.conf')
  })

  test('values that would leave their line in the zone file are refused by name', async () => {
    const wrong: DnsRecord[] = [
      { name: 'x', type: 'CNAME', value: 'mail\n@ IN NS evil.example.' },
      { name: '$INCLUDE', type: 'A', value: '192.0.2.1' },
      { name: 'x', type: 'A', value: '192.0.2.1 ; no' },
      { name: 'x', type: 'MX', value: '10 (' },
    ]
    const { results } = await onPrimary(
      ...wrong.map((record): Wanted => ['save', { zone: 'refused.example', hosts: [record] }]),
      ['save', { zone: 'a"; };', hosts: [] }],
    )
    expect(results.map((result) => /object: ([\w.]+)/.exec(result)?.[1])).toEqual([
      'records.2.value',
      'records.2.name',
      'records.2.value',
      'records.2.value',
      'name',
    ])
  })
})

/** The text behind dig's quoted strings. */
function decodeTxt(answer: string): string {
  const strings = [...answer.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((match) => match[1] ?? '')
  const bytes = [...strings.join('').matchAll(/\\(\d{3})|\\(.)|([^\\])/g)].map(([, code, escaped, plain]) =>
    code === undefined ? (escaped ?? plain ?? '').charCodeAt(0) : Number(code),
  )
  return Buffer.from(bytes).toString()
}
