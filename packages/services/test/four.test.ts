import { type Backend, defineBackend, defineModel, raw, sh } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import * as services from '../src/index.ts'
import { Pipeline } from './pipeline.ts'

const model = defineModel({ name: 'row', table: 'row', schema: z.object({ name: z.string() }) })
const daemons = ['nginx', 'named', 'postfix@-', 'ssh']

const sites = services.nginxSite({
  model,
  site: ({ name }) => ({ domains: [name], redirectTo: 'https://a.example' }),
})
const zones = services.bind9Primary({
  model,
  secondaries: ['2001:db8::1', '192.0.2.1'],
  zone: ({ name }) => ({
    name,
    nameServers: ['ns.other.example'],
    hostmaster: 'a@other.example',
    records: [{ name: '@', type: 'AAAA', value: '2001:db8::2' }],
  }),
})
const fetched = services.bind9Secondary({
  model,
  primaries: ['2001:db8::1', '127.0.0.1'],
  zone: ({ name }) => ({ name }),
})
const mail = services.postfixDomains({ model, domain: ({ name }) => ({ domain: name }) })

/** As with `ipv6.disable=1`: no address, and no socket of that family for the daemons and for our own login. */
describeLab('a kernel without IPv6', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['four1'] })
    host = lab.host('four1')
    const limits = '[Service]\\nRestrictAddressFamilies=AF_INET AF_UNIX AF_NETLINK\\n'
    const units = daemons.map((name) => `/etc/systemd/system/${name}.service.d`)
    await host.must(`sysctl -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
      for unit in ${units.join(' ')}; do mkdir -p $unit; printf '${limits}' >$unit/four.conf; done
      systemctl daemon-reload; systemctl restart ssh
      rm /etc/nginx/sites-enabled/default; postconf -e mydestination=localhost`)
    pipeline = new Pipeline(lab.clientKeyPath)
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  const save = (backend: Backend, name: string) => pipeline.run(host, backend, [['save', { name }]])

  test('neither our login nor a daemon has such a socket', async () => {
    const ask = `python3 -c 'import socket; socket.socket(socket.AF_INET6)'`
    const asked = defineBackend({ name: 'ask', model, save: (script) => script.run(sh`${raw(ask)}`) })
    const ran = await save(asked, 'socket')
    expect(ran.outputs[0]).toContain('Address family not supported by protocol')
    expect(await host.must('cat /proc/net/if_inet6')).toBe('')
  })

  test.each(['started', 'running'])('nginx is %s', async (how) => {
    const ran = await save(sites, `${how}.example`)
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    expect(await host.must('ss -Hltn sport = :80')).not.toContain('[::]')
  })

  test.each(['started', 'running'])('named is %s', async (how) => {
    const ran = await save(zones, `${how}.example`)
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload named ok'] })
    expect(await host.must(`dig +short @127.0.0.1 ${how}.example AAAA`)).toBe('2001:db8::2\n')
    expect(await save(fetched, `fetched-${how}.example`)).toMatchObject({
      results: ['ok changed'],
      reloads: ['reload named ok'],
    })
  })

  test.each(['started', 'running'])('postfix is %s', async (how) => {
    const ran = await pipeline.run(host, mail, [['sync', [{ name: `${how}.example` }]]])
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload postfix ok'] })
    expect(await host.must(`postmap -q ${how}.example hash:/etc/postfix/orchestra/domains 2>/dev/null`)).toBe(
      'OK\n',
    )
  })
})
